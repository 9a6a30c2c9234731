#pragma once

#include <optional>

#include "backend/api/tactic.h"
#include "backend/cuda/kernels/convolution.h"

namespace fovea::cuda {

/// What convolution and the fully connected layer (a convolution of one pixel) share. "no" unless x and y are floats or
/// numbers, images n h w c, weights constant, and what is added to a Gemm is one number per column.
Support weighted_fits(const NodeView& view);
ConvShape conv_shape(const NodeView& view);
Activation activation_of(const NodeView& view);
bool has_residual(const NodeView& view);

/// Filters of 8-bit images must be s8 around 0, of f8 images f8.
Support integers_fit(const NodeView& view);
/// Also everything s8 around 0, as the tensor cores take it.
Support around_zero(const NodeView& view);
/// Kernels that count pixels, those of a last round past the end too, in 32 bits.
Support pixels_fit(const NodeView& view);
bool is_bound(const Activation& act);  ///< nothing, relu or clip

/// Weights as k, r, s, c in f32, with alpha; what is added per channel, with beta, zeros where nothing is. `stored`: of
/// 8-bit images the filter's whole numbers instead, and per channel what a product of two of them stands for.
struct FilterValues {
  std::vector<float> filter, bias, scale;
};
FilterValues filter_values(const NodeView& view, const Weights& weights, bool stored = false);

/// Bias and scale in steps of an s8 output.
void to_steps(FilterValues& values, const NodeView& view);

/// A blob: the filter in its type, then (64-byte aligned) f32 per channel: the bias, then the scale where there is one.
Bytes blob_of(const FilterValues& values, DType type);
/// One filter per channel, in f32 as r s c, so that neighbours are channels.
Bytes depthwise_blob(FilterValues values, const ConvShape& shape);
std::size_t channels_offset(std::size_t filter_elements, DType type);

/// `channels`: the blob's f32; the residual's address is the run's.
Epilogue epilogue_of(const NodeView& view, const float* channels, bool scaled);
Epilogue with_residual(Epilogue e, const Bindings& bindings, bool residual);

}  // namespace fovea::cuda
