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

/// sums += a · b of 64 bytes of channels: `up` and `down` of pixels eight apart.
template <typename T>
__device__ __forceinline__ void multiply_dealt(typename Deal<T>::Sum (&sums)[4], const uint4& up, const uint4& down,
                                               const uint4& b) {
  const std::uint32_t one[4] = {up.x, down.x, up.y, down.y}, two[4] = {up.z, down.z, up.w, down.w};
  multiply<T>(sums, one, b.x, b.y);
  multiply<T>(sums, two, b.z, b.w);
}

/// A block's biases in shared memory, and behind them (whole numbers) its scales: as finish() reads them.
template <typename T>
__device__ void keep_channel(float* biases, int slice, int i, const Epilogue& e, int channel) {
  if constexpr (!Deal<T>::kWhole) {
    biases[i] = e.bias[channel];
  } else {
    // Such that what y keeps to is 0 to 1: sums saturate there on their way. Lanes side by side read side by side.
    const int within = i % 64, place = i - within + within % 16 / 4 * 16 + within / 16 * 4 + within % 4;
    biases[place] = (e.bias[channel] - e.steps.low) / e.steps.range;
    biases[slice + place] = e.scale[channel] / e.steps.range;
  }
}

/// What a lane has of its pixels of a group of channels, as it lies in y: from sums, what is added (where there is a
/// residual), and keep_channel's numbers of the group.
template <typename T, int kTall>
__device__ __forceinline__ void finish(const float (&sums)[kTall][4][4], const float* biases, int, int t,
                                       const uint4 (&added)[kTall][2], const Epilogue& e, uint4 (&made)[kTall][2]) {
  constexpr Number kNumber = {std::is_same_v<T, __half> ? DType::kF16 : DType::kBF16, 1, 0};
  float bias[8];
  load8(biases, real_number(), t * 8, bias);
#pragma unroll
  for (int i = 0; i < 2 * kTall; ++i) {
    float v[8];
#pragma unroll
    for (int k = 0; k < 8; ++k) v[k] = sums[i / 2][k / 2][2 * (i % 2) + k % 2] + bias[k];
    if (e.residual != nullptr) {
      float more[8];
      load8(&added[i / 2][i % 2], kNumber, 0, more);
#pragma unroll
      for (int k = 0; k < 8; ++k) v[k] += more[k];
    }
    activate_all(e.act, v);
    store8(&made[i / 2][i % 2], kNumber, 0, v);
  }
}

template <typename T, int kTall>
__device__ __forceinline__ void finish(const int (&sums)[kTall][8][4], const float* biases, int slice, int t,
                                       const uint4 (&added)[kTall][2], const Epilogue& e, uint4 (&made)[kTall][2]) {
  const float residual = e.steps.residual / e.steps.range, shift = 12582912.0F + e.steps.low;
#pragma unroll
  for (int four = 0; four < 4; ++four) {
    const float4 b = reinterpret_cast<const float4*>(biases)[four * kTogether + t];
    const float4 s = reinterpret_cast<const float4*>(biases + slice)[four * kTogether + t];
    const float bias[4] = {b.x, b.y, b.z, b.w}, scale[4] = {s.x, s.y, s.z, s.w};
#pragma unroll
    for (int i = 0; i < 2 * kTall; ++i) {
      float base[4] = {bias[0], bias[1], bias[2], bias[3]};
      if (e.residual != nullptr) {
        float more[4];
        unpacked(reinterpret_cast<const std::uint32_t*>(&added[i / 2][i % 2])[four], true, kOffsetS8, more);
#pragma unroll
        for (int k = 0; k < 4; ++k) base[k] += more[k] * residual;
      }
      std::uint32_t bits[4];
#pragma unroll
      for (int k = 0; k < 4; ++k) {
        const int sum = sums[i / 2][2 * four + k / 2][2 * (i % 2) + k % 2];
        bits[k] = __float_as_uint(__saturatef(static_cast<float>(sum) * scale[k] + base[k]) * e.steps.range + shift);
      }
      reinterpret_cast<std::uint32_t*>(&made[i / 2][i % 2])[four] = low_bytes(bits);
    }
  }
}

}  // namespace fovea::cuda
