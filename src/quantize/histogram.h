#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace fovea {

/// Counts of the values that a tensor took, in equal bins over [−limit, limit]; the limit doubles as values need it, so
/// one pass over the data is enough. Exact zeros are counted apart: they say nothing about the range.
class Histogram {
 public:
  static constexpr int kBins = 4096;
  void add(std::span<const float> values);
  float low() const { return low_; }
  float high() const { return high_; }
  bool finite() const { return finite_; }  ///< false once Inf or NaN was seen
  double limit() const { return limit_; }
  double bin_width() const { return 2 * limit_ / kBins; }
  double bin_center(int bin) const { return -limit_ + (bin + 0.5) * bin_width(); }
  const std::vector<std::uint64_t>& bins() const { return bins_; }
  std::uint64_t count() const { return count_; }

 private:
  void grow(float magnitude);
  std::vector<std::uint64_t> bins_ = std::vector<std::uint64_t>(kBins);
  double limit_ = 0;
  float low_ = 0, high_ = 0;
  std::uint64_t count_ = 0;
  bool finite_ = true;
};

}  // namespace fovea
