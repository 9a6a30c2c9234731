#pragma once

#include <string>
#include <string_view>

#include "quantize/histogram.h"

namespace fovea {

/// The range of real numbers that 8 bits are to cover; low ≤ 0 ≤ high.
struct Range {
  float low = 0;
  float high = 0;
  bool operator==(const Range&) const = default;
};

enum class Calibration { kMax, kEntropy, kPercentile, kMse };
std::string_view name(Calibration method);
Calibration calibration_from_name(std::string_view name);  ///< kInvalidArgument listing the names

/// A range from what calibration saw: [−b, b] by the method, cut to the extremes. Values below zero decide the form:
/// none, then 256 steps from 0 (u8); else 255 symmetric steps (s8) or, asked for, 256 steps with a zero point. Methods:
///   max         the extremes that were seen
///   entropy     least Kullback–Leibler divergence between the clipped and the quantised distribution (Migacz, "8-bit
///               inference with TensorRT", GTC 2017)
///   percentile  99.99 % of the non-zero values (Wu et al. 2020, arXiv:2004.09602)
///   mse         least expected squared error of clipping plus rounding (Shin et al. 2016; Banner et al. 2019)
Range choose_range(const Histogram& histogram, Calibration method);

}  // namespace fovea
