#include "quantize/histogram.h"

#include <algorithm>
#include <cmath>

namespace fovea {

/// Doubles the limit: two neighbouring bins of the old range become one, in the middle half of the new.
void Histogram::grow(float magnitude) {
  if (limit_ == 0) {
    limit_ = std::exp2(std::ceil(std::log2(static_cast<double>(magnitude))));
    if (limit_ < static_cast<double>(magnitude)) limit_ *= 2;
    return;
  }
  while (limit_ < static_cast<double>(magnitude)) {
    std::vector<std::uint64_t> wider(kBins);
    for (int i = 0; i < kBins; ++i)
      wider[static_cast<std::size_t>(kBins / 4 + i / 2)] += bins_[static_cast<std::size_t>(i)];
    bins_ = std::move(wider);
    limit_ *= 2;
  }
}

void Histogram::add(std::span<const float> values) {
  float low = 0;
  float high = 0;
  bool finite = true;
  for (const float value : values) {
    finite &= std::isfinite(value);
    low = std::min(low, value);
    high = std::max(high, value);
  }
  if (!finite) {
    finite_ = false;
    return;
  }
  low_ = std::min(low_, low);
  high_ = std::max(high_, high);
  const float magnitude = std::max(-low, high);
  if (magnitude == 0) return;
  if (static_cast<double>(magnitude) > limit_) grow(magnitude);
  const auto scale = static_cast<float>(kBins / (2 * limit_));
  const auto offset = static_cast<float>(kBins) / 2;
  for (const float value : values) {
    if (value == 0) continue;
    const int bin = std::clamp(static_cast<int>(value * scale + offset), 0, kBins - 1);
    ++bins_[static_cast<std::size_t>(bin)];
    ++count_;
  }
}

}  // namespace fovea
