#include "pipeline/to_tensor.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>

#include "base/io/file.h"
#include "base/log/clock.h"
#include "graph/builder.h"
#include "graph/reference.h"
#include "image/encode.h"

namespace fovea {
namespace {

/// One image through the same op that stands at the front of every engine.
Tensor first_tensor(const std::vector<std::uint8_t>& pixels, const PreprocessSpec& spec) {
  const Shape shape = {1, spec.height, spec.width, spec.channels()};
  GraphBuilder builder;
  const ValueId input = builder.input("pixels", shape, DType::kU8);
  const ValueId output = builder.node(PixelsToTensor{spec.scale, spec.mean, spec.std}, {input}, "to_tensor");
  const Graph graph = builder.finish({output});
  const std::vector<Tensor> inputs = {Tensor::of<std::uint8_t>(shape, pixels)};
  return run_reference(graph, inputs).front();
}

nlohmann::json describe_channel(const std::string& name, std::span<const float> values, int width, int height) {
  const auto [low, high] = std::ranges::minmax(values);
  Image picture(width, height);
  for (std::size_t i = 0; i < values.size(); ++i)
    std::fill_n(picture.pixels.begin() + static_cast<std::ptrdiff_t>(i) * 3, 3,
                static_cast<std::uint8_t>(255 * (values[i] - low) / std::max(high - low, 1e-12F)));
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  return {
      {"name", name}, {"uri", data_uri("image/png", encode_png(picture))}, {"min", low}, {"max", high}, {"mean", mean}};
}

}  // namespace

StageTrace trace_to_tensor(const DataIn& data, const PreprocessSpec& spec, const DecodeLimits& limits) {
  const Stopwatch watch;
  const Sample& sample = data.dataset.samples[static_cast<std::size_t>(data.val.empty() ? 0 : data.val.front())];
  std::vector<std::uint8_t> pixels(spec.pixel_bytes());
  preprocess_encoded(read_file(sample.file, limits.max_bytes), spec, limits, pixels);
  const Tensor tensor = first_tensor(pixels, spec);
  const std::span<const float> values = tensor.data<float>();
  const auto plane = static_cast<std::size_t>(spec.height) * static_cast<std::size_t>(spec.width);
  const std::array<std::string, 3> names =
      spec.color == ColorOrder::kRgb   ? std::array<std::string, 3>{"red", "green", "blue"}
      : spec.color == ColorOrder::kBgr ? std::array<std::string, 3>{"blue", "green", "red"}
                                       : std::array<std::string, 3>{"grey", "", ""};
  nlohmann::json channels = nlohmann::json::array();
  for (std::size_t c = 0; c < static_cast<std::size_t>(spec.channels()); ++c)
    channels.push_back(describe_channel(names[c], values.subspan(c * plane, plane), spec.width, spec.height));
  nlohmann::json corner = nlohmann::json::array();
  for (int y = 0; y < std::min(5, spec.height); ++y) {
    nlohmann::json row = nlohmann::json::array();
    for (int x = 0; x < std::min(5, spec.width); ++x)
      row.push_back(
          values[static_cast<std::size_t>(y) * static_cast<std::size_t>(spec.width) + static_cast<std::size_t>(x)]);
    corner.push_back(row);
  }
  const auto images = static_cast<std::int64_t>(data.dataset.samples.size());
  StageTrace stage;
  stage.id = "to_tensor";
  stage.title = "Feature engineering";
  stage.input = fmt::format("{} × {} × {} × {} f32", images, spec.height, spec.width, spec.channels());
  stage.operation = "channels first";
  stage.output = fmt::format("{} × {} × {} × {} f32", images, spec.channels(), spec.height, spec.width);
  stage.example = fmt::format("[0, 0, 0, {}] = {:.2f}", names[0], values[0]);
  stage.seconds = watch.seconds();
  stage.details = {{"shape_in", {images, spec.height, spec.width, spec.channels()}},
                   {"shape_out", {images, spec.channels(), spec.height, spec.width}},
                   {"channels", channels},
                   {"values", corner}};
  return stage;
}

}  // namespace fovea
