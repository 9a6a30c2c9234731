#include "quantize/observation.h"

#include <algorithm>

#include "base/error.h"
#include "base/log/progress.h"
#include "data/loader.h"
#include "engine/pixel_context.h"

namespace fovea {
namespace {

/// `figures.mean` holds means per image summed up; observe() divides by the images at the end.
void add_channels(ChannelFigures& figures, const Tensor& value) {
  const auto channels = static_cast<std::size_t>(value.shape()[1]);
  const std::size_t inner = static_cast<std::size_t>(value.elements()) / channels;
  figures.mean.resize(channels);
  figures.highest.resize(channels);
  const std::span<const float> all = value.data<float>();
  for (std::size_t c = 0; c < channels; ++c) {
    const std::span<const float> plane = all.subspan(c * inner, inner);
    float sum = 0;
    float highest = figures.highest[c];
    for (const float x : plane) {
      sum += x;
      highest = std::max(highest, x);
    }
    figures.mean[c] += static_cast<double>(sum) / static_cast<double>(inner);
    figures.highest[c] = highest;
  }
}

}  // namespace

Observation observe(std::shared_ptr<const Executor> plain, const OptimizeData& data, const DecodeLimits& limits) {
  Observation seen;
  LoaderOptions options;
  options.spec = plain->engine().info.preprocess;
  options.limits = limits;
  options.batch = 1;
  options.ahead = 8;
  options.order = data.calibration;
  Loader loader(*data.calibration_set, options);
  std::vector<float> output(static_cast<std::size_t>(output_classes(plain->engine())));
  PixelContext context(std::move(plain));
  context.context().observe([&](const Plan& plan, ValueId id, const Tensor& stored) {
    const Value& value = plan.graph.value(id);
    if (value.dtype != DType::kF32) return;
    seen.histograms[value.name].add(stored.data<float>());
    if (stored.shape().rank() >= 2 && stored.shape()[0] == 1) add_channels(seen.channels[value.name], stored);
  });
  Progress progress("calibration", static_cast<std::int64_t>(data.calibration.size()), "images");
  while (const std::optional<Batch> batch = loader.next()) {
    context.run(batch->pixels, 1, output);
    progress.advance();
    ++seen.images;
  }
  require(seen.images > 0, ErrorKind::kInvalidArgument, "[calibration] none of the {} images can be decoded",
          data.calibration.size());
  for (auto& [value, figures] : seen.channels)
    for (double& mean : figures.mean) mean /= seen.images;
  return seen;
}

}  // namespace fovea
