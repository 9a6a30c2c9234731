#include "engine/pixel_context.h"

#include <utility>

#include "base/error.h"

namespace fovea {
namespace {

void pixels_to_tensor(std::span<const std::uint8_t> pixels, const PreprocessSpec& spec, std::span<float> tensor) {
  const auto channels = static_cast<std::size_t>(spec.channels());
  const auto area = static_cast<std::size_t>(spec.height) * static_cast<std::size_t>(spec.width);
  for (std::size_t image = 0; image * area * channels < pixels.size(); ++image)
    for (std::size_t c = 0; c < channels; ++c)
      for (std::size_t at = 0; at < area; ++at)
        tensor[(image * channels + c) * area + at] =
            (static_cast<float>(pixels[(image * area + at) * channels + c]) * spec.scale - spec.mean[c]) / spec.std[c];
}

}  // namespace

PixelContext::PixelContext(std::shared_ptr<const Executor> executor, int threads)
    : executor_(std::move(executor)), context_(executor_, threads) {
  const Engine& engine = executor_->engine();
  if (engine.info.pixel_input) return;
  const PreprocessSpec& spec = engine.info.preprocess;
  const Graph& graph = engine.plans[0].graph;
  const Shape& shape = graph.value(graph.inputs()[0]).shape;
  const Shape wanted = {shape[0], spec.channels(), spec.height, spec.width};
  require(shape == wanted, ErrorKind::kUnsupported, "[engine] the input is {}, pixels make {}", shape.str(),
          wanted.str());
}

void PixelContext::run(std::span<const std::uint8_t> pixels, std::int64_t n, std::span<float> probabilities) {
  const EngineInfo& info = executor_->engine().info;
  const std::size_t bytes = info.preprocess.pixel_bytes();
  require(n >= 1 && pixels.size() % bytes == 0 && pixels.size() / bytes == static_cast<std::size_t>(n),
          ErrorKind::kInvalidArgument, "[engine] {} bytes of pixels, expected {} x {}", pixels.size(), n, bytes);
  if (info.pixel_input) return context_.run(std::as_bytes(pixels), n, probabilities);
  tensor_.resize(pixels.size());
  pixels_to_tensor(pixels, info.preprocess, tensor_);
  context_.run(std::as_bytes(std::span(std::as_const(tensor_))), n, probabilities);
}

}  // namespace fovea
