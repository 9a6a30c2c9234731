#pragma once

#include <cstdint>

#include "graph/graph.h"

namespace fovea {

/// Uniform in [lo, hi] (integers: rounded to whole numbers; bool: coin flips). A pure function of its arguments.
Tensor random_tensor(DType dtype, Shape shape, std::uint64_t seed, float lo = -1, float hi = 1);

/// A small valid CNN: one f32 input "x" [n,c,h,w] with n 1–2 and at most 16 × 16 pixels, 4–12 blocks of convolution
/// (grouped, depthwise, dilated, strided, with and without bias), batch-norm, activations, residual adds, concats,
/// pooling, dropout and identity; then global pooling, flatten, gemm and softmax. Weights are such that activations
/// stay near 1. The batch is not built in: set_batch works.
Graph random_cnn(std::uint64_t seed);

/// Largest |a − b|, as f32; infinite when shapes differ or where just one of them is NaN.
double max_abs_diff(const Tensor& a, const Tensor& b);

/// GoogleTest expectation: same shape, |a − b| ≤ absolute + relative · |b| everywhere (equal infinities and NaNs are
/// equal). Says where it is worst.
void expect_close(const Tensor& actual, const Tensor& expected, double absolute = 1e-5, double relative = 1e-5);

}  // namespace fovea
