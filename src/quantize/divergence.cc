#include "quantize/divergence.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "data/loader.h"
#include "engine/pixel_context.h"

namespace fovea {

double mean_divergence(std::span<const float> reference, std::span<const float> changed, int classes) {
  double sum = 0;
  for (std::size_t i = 0; i < reference.size(); ++i) {
    const double p = std::max(1e-9, static_cast<double>(reference[i]));
    const double q = std::max(1e-9, static_cast<double>(changed[i]));
    sum += p * std::log(p / q);
  }
  return sum / std::max(1.0, static_cast<double>(reference.size()) / classes);
}

Divergence::Divergence(std::shared_ptr<const Executor> plain, const OptimizeData& data, const DecodeLimits& limits) {
  LoaderOptions loading;
  loading.spec = plain->engine().info.preprocess;
  loading.limits = limits;
  loading.batch = 1;
  loading.ahead = 8;
  const std::size_t most = std::min(data.calibration.size(), kMostImages);
  loading.order.assign(data.calibration.begin(), data.calibration.begin() + static_cast<std::ptrdiff_t>(most));
  Loader loader(*data.calibration_set, loading);
  while (std::optional<Batch> batch = loader.next()) pixels_.push_back(std::move(batch->pixels));
  require(!pixels_.empty(), ErrorKind::kInvalidArgument, "[calibration] none of the {} images can be decoded", most);
  classes_ = output_classes(plain->engine());
  plain_ = std::move(plain);
}

double Divergence::of(std::shared_ptr<const Executor> changed, std::size_t images) const {
  const std::size_t count = images == 0 ? pixels_.size() : std::min(images, pixels_.size());
  const std::vector<float> rows = run(std::move(changed), 0, count);
  return mean_divergence(reference(count), rows, classes_);
}

std::span<const float> Divergence::reference(std::size_t images) const {
  const auto width = static_cast<std::size_t>(classes_);
  if (reference_.size() < images * width) {
    const std::vector<float> more = run(plain_, reference_.size() / width, images);
    reference_.insert(reference_.end(), more.begin(), more.end());
  }
  return std::span(reference_).first(images * width);
}

std::vector<float> Divergence::run(std::shared_ptr<const Executor> executor, std::size_t begin, std::size_t end) const {
  const auto width = static_cast<std::size_t>(classes_);
  PixelContext context(std::move(executor));
  std::vector<float> rows((end - begin) * width);
  for (std::size_t i = begin; i < end; ++i)
    context.run(pixels_[i], 1, std::span(rows).subspan((i - begin) * width, width));
  return rows;
}

}  // namespace fovea
