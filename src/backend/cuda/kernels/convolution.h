#pragma once

#include <cuda_runtime_api.h>

#include "backend/cuda/kernels/number.h"

namespace fovea::cuda {

/// A convolution over images n h w c, filter k r s c (c of one group). Padding in front only: what lies behind follows
/// from p and q. y = act(sum + bias[k] + residual).
struct ConvShape {
  int n, h, w, c, k, r, s, p, q, groups;
  int stride_h, stride_w, top, left, dilation_h, dilation_w;
};
struct Epilogue {
  const float* bias;     ///< null: none
  const void* residual;  ///< null: none; as y
  Number residual_type, y_type;
  Activation act;
};

/// Filters of launch_gather are padded with zeros: [groups][padded_rows][padded_depth] of r s c.
inline constexpr int kGatherRows = 64, kGatherDepth = 32;
constexpr int padded(int value, int to) { return (value + to - 1) / to * to; }

/// Implicit matrix product with gathered rows, for any shape: tensor cores for f16 and bf16, multipliers for f32.
void launch_gather(const void* x, const void* filter, void* y, DType dtype, const ConvShape& shape,
                   const Epilogue& epilogue, cudaStream_t stream);

/// One filter per channel (groups = c = k), filter r s c in f32, channels a multiple of 8.
void launch_depthwise(const void* x, Number x_type, const float* filter, void* y, const ConvShape& shape,
                      const Epilogue& epilogue, cudaStream_t stream);

/// y[m, n] = act(x[m, k] · filter[n, k] + bias[n]) for few rows; k a multiple of 8.
void launch_rows(const void* x, const void* filter, void* y, Number type, int m, int n, int k, const Epilogue& epilogue,
                 cudaStream_t stream);

}  // namespace fovea::cuda
