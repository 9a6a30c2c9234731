#pragma once

#include <cuda_runtime_api.h>

#include "backend/cuda/kernels/number.h"
#include "graph/ops/binary.h"

namespace fovea::cuda {

inline constexpr int kMostLoops = 6;

/// A walk over memory, outermost loop first: sizes, and how far apart neighbours lie in each operand (elements).
struct Walk {
  int loops = 0;
  std::int64_t count = 1, out_offset = 0, in_offset = 0;
  std::int64_t size[kMostLoops] = {}, out[kMostLoops] = {}, a[kMostLoops] = {}, b[kMostLoops] = {};
};

/// y = act(x), both in the order of memory; conversions are identities.
void launch_unary(const void* x, void* y, Number from, Number to, Activation act, std::int64_t count,
                  cudaStream_t stream);

enum class Pair : int { kAdd, kSub, kMul, kDiv, kMax, kMin, kPow, kPRelu };
/// y = act(a ∘ b) over a walk.
void launch_binary(const void* a, const void* b, void* y, Number na, Number nb, Number ny, Pair pair, Activation act,
                   const Walk& walk, cudaStream_t stream);

/// y[out] = x[a] over a walk, converting. For other element types than numbers `bytes` says their size (else 0).
void launch_move(const void* x, void* y, Number from, Number to, int bytes, const Walk& walk, cudaStream_t stream);

/// u8 pixels n h w c → numbers; value = pixel · factor[c] + offset[c]. plain: n c h w.
struct PixelFactors {
  float factor[3], offset[3];
};
void launch_pixels(const void* pixels, void* y, Number to, PixelFactors factors, std::int64_t n, std::int64_t area,
                   int channels, bool plain, cudaStream_t stream);

/// The value everywhere.
void launch_fill(void* y, Number to, float value, std::int64_t count, cudaStream_t stream);

}  // namespace fovea::cuda
