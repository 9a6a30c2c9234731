#pragma once

#include "quantize/insert_quantization.h"

namespace fovea {

/// Changes scales a little so that what a layer sums up never lies half-way between two steps of its result, nor near
/// it: then every arithmetic (sums of whole numbers, of floats in any order, a factor before or behind them) rounds to
/// the same step, and a network gives the same numbers in every runtime.
///
/// A convolution makes n · r steps, n a whole number (its bias being one) and r = sx · sw / sy. With r = p / q and q
/// odd, n · p / q = k + 1/2 has no solution (2 n p is even, q (2 k + 1) odd), and the nearest result is 1 / 2q from a
/// half. So each channel's sw grows (by less than 1 %) until r is such a fraction. What is added in 8 bits must be p' /
/// q' of a step as well: sy grows (by 4 % in the mean) where a sum or a mean is made, and the distance is 1 / 2qq'.
void avoid_ties(const Graph& graph, Grid& grid);

/// The smallest p / q not below `ratio` (0 < ratio) and within `slack` of it with q odd and least; of p = 1 where that
/// takes a q above 1023.
struct OddFraction {
  std::int64_t p = 1, q = 1;
  double value() const { return static_cast<double>(p) / static_cast<double>(q); }
};
OddFraction odd_fraction(double ratio, double slack);

}  // namespace fovea
