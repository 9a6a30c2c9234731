#include "backend/cuda/kernels/elementwise.h"
#include "backend/cuda/kernels/launch.h"
#include "backend/cuda/kernels/number.cuh"

namespace fovea::cuda {
namespace {

constexpr int kThreads = 256;

__global__ void unary(const void* x, void* y, Number from, Number to, Activation act, std::int64_t count) {
  const std::int64_t i = (static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x) * 8;
  if (i + 8 <= count) {
    float v[8];
    load8(x, from, i, v);
#pragma unroll
    for (float& one : v) one = activated(act, one);
    store8(y, to, i, v);
  } else {
    for (std::int64_t k = i; k < count; ++k) store1(y, to, k, activated(act, load1(x, from, k)));
  }
}

__device__ float paired(Pair pair, float a, float b) {
  switch (pair) {
    case Pair::kAdd:
      return a + b;
    case Pair::kSub:
      return a - b;
    case Pair::kMul:
      return a * b;
    case Pair::kDiv:
      return a / b;
    case Pair::kMax:
      return a > b || a != a ? a : b;
    case Pair::kMin:
      return a < b || a != a ? a : b;
    case Pair::kPow:
      return powf(a, b);
    case Pair::kPRelu:
      return a < 0 ? a * b : a;
  }
  return a;
}

struct Places {
  std::int64_t out, a, b;
};

__device__ Places places_of(const Walk& walk, std::int64_t i) {
  Places at = {walk.out_offset, walk.in_offset, 0};
#pragma unroll
  for (int k = kMostLoops - 1; k >= 0; --k) {
    if (k >= walk.loops) continue;
    const std::int64_t next = i / walk.size[k], rest = i - next * walk.size[k];
    at.out += rest * walk.out[k];
    at.a += rest * walk.a[k];
    at.b += rest * walk.b[k];
    i = next;
  }
  return at;
}

/// `wide`: the innermost loop is a multiple of 8, and each operand's neighbours are next to each other or the same.
template <bool wide>
__global__ void binary(const void* a, const void* b, void* y, Number na, Number nb, Number ny, Pair pair,
                       Activation act, Walk walk) {
  std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if constexpr (wide) i *= 8;
  if (i >= walk.count) return;
  const Places at = places_of(walk, i);
  if constexpr (wide) {
    float left[8], right[8];
    if (walk.a[walk.loops - 1] == 1) {
      load8(a, na, at.a, left);
    } else {
      for (float& v : left) v = load1(a, na, at.a);
    }
    if (walk.b[walk.loops - 1] == 1) {
      load8(b, nb, at.b, right);
    } else {
      for (float& v : right) v = load1(b, nb, at.b);
    }
#pragma unroll
    for (int k = 0; k < 8; ++k) left[k] = activated(act, paired(pair, left[k], right[k]));
    store8(y, ny, at.out, left);
  } else {
    store1(y, ny, at.out, activated(act, paired(pair, load1(a, na, at.a), load1(b, nb, at.b))));
  }
}

template <bool wide>
__global__ void move(const void* x, void* y, Number from, Number to, Walk walk) {
  std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if constexpr (wide) i *= 8;
  if (i >= walk.count) return;
  const Places at = places_of(walk, i);
  if constexpr (wide) {
    float v[8];
    load8(x, from, at.a, v);
    store8(y, to, at.out, v);
  } else {
    store1(y, to, at.out, load1(x, from, at.a));
  }
}

template <typename T>
__global__ void move_bytes(const T* x, T* y, Walk walk) {
  const std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (i >= walk.count) return;
  const Places at = places_of(walk, i);
  y[at.out] = x[at.a];
}

/// Whether all starts of groups of 8 are multiples of 8.
bool wide_operand(const std::int64_t* strides, std::int64_t offset, int loops, bool may_repeat) {
  if (strides[loops - 1] == 0 && may_repeat) return true;
  if (strides[loops - 1] != 1 || offset % 8 != 0) return false;
  for (int k = 0; k + 1 < loops; ++k)
    if (strides[k] % 8 != 0) return false;
  return true;
}

bool is_wide(const Walk& walk, bool with_b) {
  if (walk.loops == 0 || walk.size[walk.loops - 1] % 8 != 0) return false;
  return wide_operand(walk.out, walk.out_offset, walk.loops, false) &&
         wide_operand(walk.a, walk.in_offset, walk.loops, with_b) &&
         (!with_b || wide_operand(walk.b, 0, walk.loops, true));
}

__global__ void pixels(const std::uint8_t* from, void* y, Number to, PixelFactors factors, std::int64_t count,
                       std::int64_t area, int channels, bool plain) {
  const std::int64_t i = (static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x) * 8;
  if (!plain && i + 8 <= count) {
    const uint2 raw = *reinterpret_cast<const uint2*>(from + i);
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(&raw);
    float v[8];
    int c = static_cast<int>(i % channels);
#pragma unroll
    for (int k = 0; k < 8; ++k) {
      v[k] = fmaf(static_cast<float>(bytes[k]), factors.factor[c], factors.offset[c]);
      c = c + 1 == channels ? 0 : c + 1;
    }
    store8(y, to, i, v);
    return;
  }
  for (std::int64_t k = i; k < min(i + 8, count); ++k) {
    const std::int64_t c = k % channels, pixel = k / channels, image = pixel / area;
    const std::int64_t at = plain ? (image * channels + c) * area + pixel % area : k;
    store1(y, to, at, fmaf(static_cast<float>(from[k]), factors.factor[c], factors.offset[c]));
  }
}

__global__ void fill(void* y, Number to, float value, std::int64_t count) {
  const std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (i < count) store1(y, to, i, value);
}

}  // namespace

void launch_unary(const void* x, void* y, Number from, Number to, Activation act, std::int64_t count,
                  cudaStream_t stream) {
  unary<<<blocks_for(count, kThreads * 8), kThreads, 0, stream>>>(x, y, from, to, act, count);
}

void launch_binary(const void* a, const void* b, void* y, Number na, Number nb, Number ny, Pair pair, Activation act,
                   const Walk& walk, cudaStream_t stream) {
  if (is_wide(walk, true))
    binary<true><<<blocks_for(walk.count, kThreads * 8), kThreads, 0, stream>>>(a, b, y, na, nb, ny, pair, act, walk);
  else
    binary<false><<<blocks_for(walk.count, kThreads), kThreads, 0, stream>>>(a, b, y, na, nb, ny, pair, act, walk);
}

void launch_move(const void* x, void* y, Number from, Number to, int bytes, const Walk& walk, cudaStream_t stream) {
  const unsigned blocks = blocks_for(walk.count, kThreads);
  if (bytes == 1)
    move_bytes<<<blocks, kThreads, 0, stream>>>(static_cast<const std::uint8_t*>(x), static_cast<std::uint8_t*>(y),
                                                walk);
  else if (bytes == 2)
    move_bytes<<<blocks, kThreads, 0, stream>>>(static_cast<const std::uint16_t*>(x), static_cast<std::uint16_t*>(y),
                                                walk);
  else if (bytes == 4)
    move_bytes<<<blocks, kThreads, 0, stream>>>(static_cast<const std::uint32_t*>(x), static_cast<std::uint32_t*>(y),
                                                walk);
  else if (bytes == 8)
    move_bytes<<<blocks, kThreads, 0, stream>>>(static_cast<const std::uint64_t*>(x), static_cast<std::uint64_t*>(y),
                                                walk);
  else if (is_wide(walk, false))
    move<true><<<blocks_for(walk.count, kThreads * 8), kThreads, 0, stream>>>(x, y, from, to, walk);
  else
    move<false><<<blocks, kThreads, 0, stream>>>(x, y, from, to, walk);
}

void launch_pixels(const void* from, void* y, Number to, PixelFactors factors, std::int64_t n, std::int64_t area,
                   int channels, bool plain, cudaStream_t stream) {
  const std::int64_t count = n * area * channels;
  pixels<<<blocks_for(count, kThreads * 8), kThreads, 0, stream>>>(static_cast<const std::uint8_t*>(from), y, to,
                                                                   factors, count, area, channels, plain);
}

void launch_fill(void* y, Number to, float value, std::int64_t count, cudaStream_t stream) {
  fill<<<blocks_for(count, kThreads), kThreads, 0, stream>>>(y, to, value, count);
}

}  // namespace fovea::cuda
