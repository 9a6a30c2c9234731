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

/// Weights as k, r, s, c in f32, with alpha; what is added per channel, with beta, zeros where nothing is.
struct FilterValues {
  std::vector<float> filter, bias;
};
FilterValues filter_values(const NodeView& view, const Weights& weights);

/// A blob: the filter in its type, then (64-byte aligned) f32 per channel.
Bytes blob_of(const std::vector<float>& filter, DType type, const std::vector<float>& channels);
std::size_t channels_offset(std::size_t filter_elements, DType type);

Epilogue epilogue_of(const NodeView& view, const float* bias);  ///< the residual's address is the run's

}  // namespace fovea::cuda
