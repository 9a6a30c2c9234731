#include <mma.h>

#include "backend/cuda/kernels/convolution.h"
#include "backend/cuda/kernels/launch.h"
#include "backend/cuda/kernels/number.cuh"

namespace fovea::cuda {
namespace {

constexpr int kPixels = 64, kChannels = kGatherRows, kDepth = kGatherDepth, kThreads = 128;
constexpr int kRow = kDepth + 8;  ///< shared memory: rows apart by no multiple of all banks

struct Pixel {
  int image, top, left;  ///< top −2^30: beyond the last
};

__device__ Pixel pixel_of(const ConvShape& d, std::int64_t m) {
  const std::int64_t all = static_cast<std::int64_t>(d.n) * d.p * d.q;
  if (m >= all) return {0, -(1 << 30), 0};
  const int q = static_cast<int>(m % d.q), p = static_cast<int>(m / d.q % d.p);
  return {static_cast<int>(m / d.q / d.p), p * d.stride_h - d.top, q * d.stride_w - d.left};
}

/// Eight neighbours in depth of one pixel's row of the gathered matrix; of 8-bit images their distance from zero.
template <typename X, typename T>
__device__ void gather8(const X* x, float zero, const ConvShape& d, const Pixel& at, int group, int depth, T* to) {
  const int c = d.c / d.groups;
  if (c % 8 == 0) {
    const int tap = depth / c, r = tap / d.s, s = tap - r * d.s;
    const int ih = at.top + r * d.dilation_h, iw = at.left + s * d.dilation_w;
    const bool inside = r < d.r && ih >= 0 && ih < d.h && iw >= 0 && iw < d.w;
    const X* from =
        x + ((static_cast<std::int64_t>(at.image) * d.h + ih) * d.w + iw) * d.c + group * c + depth - tap * c;
    if constexpr (sizeof(X) == 1) {
      uint2 raw = make_uint2(0, 0);
      if (inside) raw = *reinterpret_cast<const uint2*>(from);
      const auto* bytes = reinterpret_cast<const X*>(&raw);
#pragma unroll
      for (int k = 0; k < 8; ++k) to[k] = T(inside ? static_cast<float>(bytes[k]) - zero : 0.0F);
    } else {
      constexpr int kVectors = 8 * sizeof(T) / 16;
#pragma unroll
      for (int k = 0; k < kVectors; ++k)
        reinterpret_cast<uint4*>(to)[k] = inside ? reinterpret_cast<const uint4*>(from)[k] : make_uint4(0, 0, 0, 0);
    }
    return;
  }
#pragma unroll
  for (int k = 0; k < 8; ++k) {
    const int tap = (depth + k) / c, r = tap / d.s, s = tap - r * d.s;
    const int ih = at.top + r * d.dilation_h, iw = at.left + s * d.dilation_w;
    const bool inside = r < d.r && ih >= 0 && ih < d.h && iw >= 0 && iw < d.w;
    const std::int64_t from =
        ((static_cast<std::int64_t>(at.image) * d.h + ih) * d.w + iw) * d.c + group * c + depth + k - tap * c;
    if constexpr (sizeof(X) == 1)
      to[k] = T(inside ? static_cast<float>(x[from]) - zero : 0.0F);
    else
      to[k] = inside ? x[from] : T(0.0F);
  }
}

/// A tile of results from shared memory (f32) to y.
__device__ void finish(const float* tile, void* y, const ConvShape& d, const Epilogue& e, std::int64_t first, int group,
                       int channel) {
  const int per_group = d.k / d.groups;
  const std::int64_t all = static_cast<std::int64_t>(d.n) * d.p * d.q;
  for (int i = threadIdx.x; i < kPixels * kChannels / 8; i += kThreads) {
    const int row = i / (kChannels / 8), column = i % (kChannels / 8) * 8;
    const std::int64_t m = first + row;
    if (m >= all) continue;
    const int k = channel + column;
    if (k >= per_group) continue;
    const std::int64_t at = m * d.k + group * per_group + k;
    const float* bias = e.bias == nullptr ? nullptr : e.bias + group * per_group + k;
    const float* scale = e.scale == nullptr ? nullptr : e.scale + group * per_group + k;
    const float* sums = tile + row * (kChannels + 4) + column;
    if (k + 8 <= per_group && at % 8 == 0) {
      float v[8], added[8] = {};
      if (e.residual != nullptr) load8(e.residual, e.residual_type, at, added);
#pragma unroll
      for (int j = 0; j < 8; ++j) v[j] = sums[j] * (scale ? scale[j] : 1.0F) + (bias ? bias[j] : 0.0F) + added[j];
      activate_all(e.act, v);
      store8(y, e.y_type, at, v);
      continue;
    }
    for (int j = 0; j < 8 && k + j < per_group; ++j) {
      float v = sums[j] * (scale ? scale[j] : 1.0F) + (bias ? bias[j] : 0.0F);
      if (e.residual != nullptr) v += load1(e.residual, e.residual_type, at + j);
      store1(y, e.y_type, at + j, activated(e.act, v));
    }
  }
}

constexpr int kLoads = kPixels * kDepth / 8 / kThreads;  ///< groups of 8 that a thread brings for either matrix

template <typename T>
struct Tiles {
  alignas(16) T a[kPixels * kRow], b[kChannels * kRow];
};
union alignas(16) Shared16 {
  __device__ Shared16() {}
  Tiles<__half> tiles[2];
  float results[kPixels * (kChannels + 4)];
};

using Sum = nvcuda::wmma::fragment<nvcuda::wmma::accumulator, 16, 16, 16, float>;

/// Adds a tile's products to the 32 × 32 results of a warp.
template <typename T>
__device__ void multiply(const Tiles<T>& tile, int warp_row, int warp_column, Sum (&sums)[2][2]) {
  using namespace nvcuda::wmma;
#pragma unroll
  for (int step = 0; step < kDepth; step += 16) {
    fragment<matrix_a, 16, 16, 16, T, row_major> a[2];
    fragment<matrix_b, 16, 16, 16, T, col_major> b[2];
    for (int i = 0; i < 2; ++i) {
      load_matrix_sync(a[i], tile.a + (warp_row + 16 * i) * kRow + step, kRow);
      load_matrix_sync(b[i], tile.b + (warp_column + 16 * i) * kRow + step, kRow);
    }
    for (int i = 0; i < 2; ++i)
      for (int j = 0; j < 2; ++j) mma_sync(sums[i][j], a[i], b[j], sums[i][j]);
  }
}

template <typename X, typename T>
__global__ void __launch_bounds__(kThreads)
    gather_tensor(const X* x, float zero, const T* filter, void* y, ConvShape d, Epilogue e, int rows, int depth) {
  __shared__ __align__(16) unsigned char raw[sizeof(Shared16)];
  auto* tiles = reinterpret_cast<Tiles<T>*>(raw);
  const int group = blockIdx.z, channel = blockIdx.y * kChannels, warp = threadIdx.x / 32;
  const std::int64_t first = static_cast<std::int64_t>(blockIdx.x) * kPixels;
  const T* weights = filter + (static_cast<std::int64_t>(group) * rows + channel) * depth;
  Pixel pixels[kLoads];
  for (int l = 0; l < kLoads; ++l) pixels[l] = pixel_of(d, first + (threadIdx.x + l * kThreads) / (kDepth / 8));
  T next_a[kLoads][8];
  uint4 next_b[kLoads];
  const auto fetch = [&](int from) {
#pragma unroll
    for (int l = 0; l < kLoads; ++l) {
      const int i = threadIdx.x + l * kThreads, row = i / (kDepth / 8), at = from + i % (kDepth / 8) * 8;
      alignas(16) T eight[8];
      gather8(x, zero, d, pixels[l], group, at, eight);
#pragma unroll
      for (int k = 0; k < 8; ++k) next_a[l][k] = eight[k];
      next_b[l] = *reinterpret_cast<const uint4*>(weights + static_cast<std::int64_t>(row) * depth + at);
    }
  };
  const auto keep = [&](Tiles<T>& tile) {
#pragma unroll
    for (int l = 0; l < kLoads; ++l) {
      const int i = threadIdx.x + l * kThreads, row = i / (kDepth / 8), column = i % (kDepth / 8) * 8;
#pragma unroll
      for (int k = 0; k < 8; ++k) tile.a[row * kRow + column + k] = next_a[l][k];
      *reinterpret_cast<uint4*>(tile.b + row * kRow + column) = next_b[l];
    }
  };
  using namespace nvcuda::wmma;
  Sum sums[2][2];
  for (auto& line : sums)
    for (auto& one : line) fill_fragment(one, 0.0F);
  fetch(0);
  keep(tiles[0]);
  __syncthreads();
  const int warp_row = warp / 2 * 32, warp_column = warp % 2 * 32;
  for (int from = 0, turn = 0; from < depth; from += kDepth, turn ^= 1) {
    const bool more = from + kDepth < depth;
    if (more) fetch(from + kDepth);
    multiply(tiles[turn], warp_row, warp_column, sums);
    if (more) keep(tiles[turn ^ 1]);
    __syncthreads();
  }
  auto* results = reinterpret_cast<float*>(raw);
  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < 2; ++j)
      store_matrix_sync(results + (warp_row + 16 * i) * (kChannels + 4) + warp_column + 16 * j, sums[i][j],
                        kChannels + 4, mem_row_major);
  __syncthreads();
  finish(results, y, d, e, first, group, channel);
}

/// The same in f32: each thread sums 8 pixels of 4 channels.
__global__ void __launch_bounds__(kThreads)
    gather_plain(const float* x, const float* filter, void* y, ConvShape d, Epilogue e, int rows, int depth) {
  __shared__ __align__(16) float raw[(kPixels + kChannels) * (kDepth + 4)];
  float* a = raw;
  float* b = raw + kPixels * (kDepth + 4);
  const int group = blockIdx.z, channel = blockIdx.y * kChannels;
  const std::int64_t first = static_cast<std::int64_t>(blockIdx.x) * kPixels;
  const float* weights = filter + (static_cast<std::int64_t>(group) * rows + channel) * depth;
  Pixel pixels[kLoads];
  for (int l = 0; l < kLoads; ++l) pixels[l] = pixel_of(d, first + (threadIdx.x + l * kThreads) / (kDepth / 8));
  const int row = threadIdx.x / 16 * 8, column = threadIdx.x % 16;
  float sums[8][4] = {};
  for (int from = 0; from < depth; from += kDepth) {
    __syncthreads();
    for (int l = 0; l < kLoads; ++l) {
      const int i = threadIdx.x + l * kThreads, line = i / (kDepth / 8), at = i % (kDepth / 8) * 8;
      gather8(x, 0.0F, d, pixels[l], group, from + at, a + line * (kDepth + 4) + at);
      const auto* source =
          reinterpret_cast<const float4*>(weights + static_cast<std::int64_t>(line) * depth + from + at);
      auto* target = reinterpret_cast<float4*>(b + line * (kDepth + 4) + at);
      target[0] = source[0];
      target[1] = source[1];
    }
    __syncthreads();
    for (int step = 0; step < kDepth; ++step) {
      float left[8], right[4];
#pragma unroll
      for (int i = 0; i < 8; ++i) left[i] = a[(row + i) * (kDepth + 4) + step];
#pragma unroll
      for (int j = 0; j < 4; ++j) right[j] = b[(column + 16 * j) * (kDepth + 4) + step];
#pragma unroll
      for (int i = 0; i < 8; ++i)
#pragma unroll
        for (int j = 0; j < 4; ++j) sums[i][j] = fmaf(left[i], right[j], sums[i][j]);
    }
  }
  __syncthreads();
#pragma unroll
  for (int i = 0; i < 8; ++i)
#pragma unroll
    for (int j = 0; j < 4; ++j) raw[(row + i) * (kChannels + 4) + column + 16 * j] = sums[i][j];
  __syncthreads();
  finish(raw, y, d, e, first, group, channel);
}

}  // namespace

void launch_gather(const void* x, Number x_type, const void* filter, void* y, const ConvShape& d, const Epilogue& e,
                   cudaStream_t stream) {
  const int rows = padded(d.k / d.groups, kChannels), depth = padded(d.r * d.s * (d.c / d.groups), kDepth);
  const dim3 grid(blocks_for(static_cast<std::int64_t>(d.n) * d.p * d.q, kPixels),
                  static_cast<unsigned>(rows / kChannels), static_cast<unsigned>(d.groups));
  const auto tensor = [&]<typename X, typename T>(const X* from, const T* weights) {
    gather_tensor<<<grid, kThreads, 0, stream>>>(from, x_type.zero, weights, y, d, e, rows, depth);
  };
  const auto* half_filter = static_cast<const __half*>(filter);
  switch (x_type.dtype) {
    case DType::kF16:
      return tensor(static_cast<const __half*>(x), half_filter);
    case DType::kBF16:
      return tensor(static_cast<const __nv_bfloat16*>(x), static_cast<const __nv_bfloat16*>(filter));
    case DType::kS8:
      return tensor(static_cast<const std::int8_t*>(x), half_filter);
    case DType::kU8:
      return tensor(static_cast<const std::uint8_t*>(x), half_filter);
    case DType::kF8:
      return tensor(static_cast<const __nv_fp8_e4m3*>(x), half_filter);
    default:
      gather_plain<<<grid, kThreads, 0, stream>>>(static_cast<const float*>(x), static_cast<const float*>(filter), y, d,
                                                  e, rows, depth);
  }
}

}  // namespace fovea::cuda
