#pragma once

#include <type_traits>

#include "backend/cuda/kernels/convolution.h"
#include "backend/cuda/kernels/number.cuh"
#include "backend/cuda/kernels/tensor_core.cuh"

namespace fovea::cuda {

// Matrix products whose operands go from memory into the tensor cores' registers as they lie: which of 64 bytes of
// channels is called the first does not matter as long as both operands agree, so a lane takes 16 neighbouring bytes.

constexpr int kUnit = 16;     ///< pixels that one tensor operation takes
constexpr int kTogether = 4;  ///< lanes that share a pixel, each with 16 bytes of neighbours

/// How a type's channels are dealt.
template <typename T>
struct Deal {
  static constexpr int kEach = 16 / sizeof(T);      ///< neighbours of a lane
  static constexpr int kGroup = kTogether * kEach;  ///< channels of a pixel that a warp takes or makes at once
  static constexpr int kTiles = kEach / 2;          ///< of eight channels out: a lane has two neighbours of each
  static constexpr bool kWhole = sizeof(T) == 1;    ///< whole numbers
  using Sum = std::conditional_t<kWhole, int, float>;
};

/// Sums of whole numbers that stay below 2^22 begin at the bits of 1.5 · 2^23, and are read as real numbers by taking
/// that off.
template <typename T, int kDepth>
constexpr bool kReadsAsFloat = Deal<T>::kWhole&& kDepth * 127 * 128 < 1 << 22;
template <typename T, int kDepth>
constexpr int kBegin = kReadsAsFloat<T, kDepth> ? 0x4B400000 : 0;
template <typename T, int kDepth>
__device__ float real_sum(typename Deal<T>::Sum sum) {
  if constexpr (kReadsAsFloat<T, kDepth>) return __int_as_float(sum) - 12582912.0F;
  return static_cast<float>(sum);
}

/// sums += a · b of 64 bytes of channels: `up` and `down` of pixels eight apart.
template <typename T>
__device__ __forceinline__ void multiply_dealt(typename Deal<T>::Sum (&sums)[4], const uint4& up, const uint4& down,
                                               const uint4& b) {
  const std::uint32_t one[4] = {up.x, down.x, up.y, down.y}, two[4] = {up.z, down.z, up.w, down.w};
  multiply<T>(sums, one, b.x, b.y);
  multiply<T>(sums, two, b.z, b.w);
}

/// What a lane has of one pixel of y: its sums, and what is added.
template <typename T>
__device__ void finish(const float (&sums)[8], const float* bias, const float*, const uint4& added, const Epilogue& e,
                       T* y) {
  constexpr Number kNumber = {std::is_same_v<T, __half> ? DType::kF16 : DType::kBF16, 1, 0};
  float v[8], b[8];
  load8(&added, kNumber, 0, v);
  load8(bias, real_number(), 0, b);
#pragma unroll
  for (int k = 0; k < 8; ++k) v[k] += sums[k] + b[k];
  activate8(e.act, v);
  store8(y, kNumber, 0, v);
}

/// Whole numbers: all in steps of y.
template <typename T>
__device__ void finish(const float (&sums)[16], const float* bias, const float* scale, const uint4& added,
                       const Epilogue& e, T* y) {
  const std::uint32_t more[4] = {added.x, added.y, added.z, added.w};
  std::uint32_t made[4];
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    const float4 b = reinterpret_cast<const float4*>(bias)[i], s = reinterpret_cast<const float4*>(scale)[i];
    const float biases[4] = {b.x, b.y, b.z, b.w}, scales[4] = {s.x, s.y, s.z, s.w};
    float v[4];
    unpacked(more[i], true, kOffsetS8, v);
#pragma unroll
    for (int k = 0; k < 4; ++k) v[k] = v[k] * e.steps.residual + (sums[4 * i + k] * scales[k] + biases[k]);
    made[i] = packed(v, e.steps.low, e.steps.high);
  }
  *reinterpret_cast<uint4*>(y) = make_uint4(made[0], made[1], made[2], made[3]);
}

}  // namespace fovea::cuda
