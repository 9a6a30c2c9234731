#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "backend/cuda/kernels/number.h"

namespace fovea::cuda {

/// Window pooling over n h w c, or n c h w where `plain`.
struct PoolShape {
  int n, c, h, w, p, q, kernel_h, kernel_w, stride_h, stride_w, top, left, dilation_h, dilation_w;
  int bottom, right;  ///< padding behind
  bool average, count_padding, plain;
};
void launch_pool(const void* x, void* y, Number from, Number to, const PoolShape& shape, cudaStream_t stream);

enum class Fold : int { kMean, kSum, kMax };
/// Over the middle of [outer, size, inner] → [outer, inner].
void launch_fold(const void* x, void* y, Number from, Number to, Fold fold, std::int64_t outer, std::int64_t size,
                 std::int64_t inner, cudaStream_t stream);

/// Over the middle of [outer, size, inner].
void launch_softmax(const void* x, void* y, Number from, Number to, bool log, std::int64_t outer, std::int64_t size,
                    std::int64_t inner, cudaStream_t stream);

/// Local response normalisation over the middle of [outer, channels, inner].
void launch_lrn(const void* x, void* y, Number from, Number to, int window, float alpha, float beta, float bias,
                std::int64_t outer, std::int64_t channels, std::int64_t inner, cudaStream_t stream);

}  // namespace fovea::cuda
