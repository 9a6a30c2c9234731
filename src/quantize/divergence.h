#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "quantize/optimize_target.h"

namespace fovea {

/// Mean Kullback–Leibler divergence Σ p · ln(p / q) of rows of `classes` probabilities; below 1e-9 they count as that.
double mean_divergence(std::span<const float> reference, std::span<const float> changed, int classes);

/// How far plans are from the fp32 plan on the calibration images, which are decoded once (the first kMostImages) and
/// run through the fp32 plan once, when first needed. One thread at a time.
class Divergence {
 public:
  static constexpr std::size_t kMostImages = 256;
  /// `plain` gives the reference. kInvalidArgument when no image can be decoded.
  Divergence(std::shared_ptr<const Executor> plain, const OptimizeData& data, const DecodeLimits& limits);
  /// Of the first `images` images (0: all), batch 1.
  double of(std::shared_ptr<const Executor> changed, std::size_t images = 0) const;
  std::size_t images() const { return pixels_.size(); }
  const std::vector<std::uint8_t>& image(std::size_t i) const { return pixels_[i]; }

 private:
  std::vector<float> run(std::shared_ptr<const Executor> executor, std::size_t begin, std::size_t end) const;
  std::span<const float> reference(std::size_t images) const;
  std::shared_ptr<const Executor> plain_;
  std::vector<std::vector<std::uint8_t>> pixels_;
  mutable std::vector<float> reference_;  ///< of the first images, as many as were asked for
  int classes_ = 0;
};

}  // namespace fovea
