#include <algorithm>
#include <span>

#include "backend/cuda/kernels/convolution.h"
#include "backend/cuda/kernels/dealt.cuh"
#include "backend/cuda/kernels/launch.h"

namespace fovea::cuda {
namespace {

constexpr int kThreads = 256, kWarps = kThreads / 32, kPerMultiprocessor = 2;

/// Where a pixel of y has its channels in x, in elements.
__device__ std::int64_t place_of(const ConvShape& d, int pixel) {
  if (d.stride_h == 1 && d.stride_w == 1) return static_cast<std::int64_t>(pixel) * d.c;
  const int line = pixel / d.q, image = line / d.p;
  const int row = (line - image * d.p) * d.stride_h, column = (pixel - line * d.q) * d.stride_w;
  return (static_cast<std::int64_t>(image * d.h + row) * d.w + column) * d.c;
}

/// 16 bytes of channels from `channel` on; what lies past the last one, a multiple of 8, is 0.
template <typename T>
__device__ __forceinline__ uint4 channels_of(const T* pixel, int channel, int channels) {
  const T* from = pixel + channel;
  if (sizeof(T) == 2 || channels % 16 == 0)
    return channel < channels ? *reinterpret_cast<const uint4*>(from) : make_uint4(0, 0, 0, 0);
  const uint2 none = make_uint2(0, 0);
  const uint2 low = channel < channels ? *reinterpret_cast<const uint2*>(from) : none;
  const uint2 high = channel + 8 < channels ? *reinterpret_cast<const uint2*>(from + 8) : none;
  return make_uint4(low.x, low.y, high.x, high.y);
}

template <typename T>
__device__ __forceinline__ void keep_channels(T* pixel, int channel, int channels, const uint4& made) {
  T* to = pixel + channel;
  if (sizeof(T) == 2 || channels % 16 == 0) {
    if (channel < channels) *reinterpret_cast<uint4*>(to) = made;
    return;
  }
  if (channel < channels) *reinterpret_cast<uint2*>(to) = make_uint2(made.x, made.y);
  if (channel + 8 < channels) *reinterpret_cast<uint2*>(to + 8) = make_uint2(made.z, made.w);
}

/// A lane's part of kTall times 16 pixels, all channels in; past the last pixel the first again.
template <typename T, int kPieces, int kTall, bool kRagged>
__device__ __forceinline__ void load_pixels(const T* x, const ConvShape& d, int first, int pixels, int g, int t,
                                            uint4 (&a)[kTall][kPieces][2]) {
#pragma unroll
  for (int m = 0; m < kTall; ++m)
#pragma unroll
    for (int h = 0; h < 2; ++h) {
      const int pixel = first + m * kUnit + h * 8 + g;
      const T* from = x + place_of(d, pixel < pixels ? pixel : first);
#pragma unroll
      for (int i = 0; i < kPieces; ++i)
        a[m][i][h] = kRagged ? channels_of(from, (i * 4 + t) * Deal<T>::kEach, d.c)
                             : reinterpret_cast<const uint4*>(from)[i * 4 + t];
    }
}

/// The products with a group of channels' filters, which begin at `weights`.
template <typename T, int kPieces, int kTall>
__device__ __forceinline__ void sum_products(const uint4* weights, int lane, const uint4 (&a)[kTall][kPieces][2],
                                             typename Deal<T>::Sum (&sums)[kTall][Deal<T>::kTiles][4]) {
  constexpr int kTiles = Deal<T>::kTiles;
#pragma unroll
  for (int i = 0; i < kPieces; ++i)
#pragma unroll
    for (int j = 0; j < kTiles; ++j) {
      const uint4 b = weights[(i * kTiles + j) * 32 + lane];
#pragma unroll
      for (int m = 0; m < kTall; ++m) multiply_dealt<T>(sums[m][j], a[m][i][0], a[m][i][1], b);
    }
}

/// A warp makes kTall times 16 pixels of the slice at once, one group of channels after the other; what is added to the
/// next group is on its way meanwhile. kRagged: fewer channels in than kDepth, or out than all slices have.
template <typename T, int kDepth, int kTall, bool kRagged>
__global__ void __launch_bounds__(kThreads, kPerMultiprocessor)
    pointwise(const T* x, const T* filter, T* y, const __grid_constant__ ConvShape d, int slice, Epilogue e) {
  using Dealt = Deal<T>;
  constexpr int kPieces = kDepth / Dealt::kGroup, kEach = Dealt::kEach, kTiles = Dealt::kTiles;
  extern __shared__ __align__(16) unsigned char memory[];
  auto* weights = reinterpret_cast<uint4*>(memory);
  const int vectors = slice * kDepth / kEach, first_channel = static_cast<int>(blockIdx.y) * slice;
  auto* biases = reinterpret_cast<float*>(weights + vectors);
  const auto* own = reinterpret_cast<const uint4*>(filter) + static_cast<std::int64_t>(blockIdx.y) * vectors;
  for (int i = threadIdx.x; i < vectors; i += kThreads) weights[i] = own[i];
  for (int i = threadIdx.x; i < slice; i += kThreads) keep_channel<T>(biases, slice, i, e, first_channel + i);
  __syncthreads();
  const int lane = threadIdx.x % 32, g = lane / kTogether, t = lane % kTogether;
  const int pixels = d.n * d.p * d.q, apart = static_cast<int>(gridDim.x) * kWarps * kTall * kUnit;
  const T* residual = static_cast<const T*>(e.residual);
  int first = (static_cast<int>(blockIdx.x) * kWarps + static_cast<int>(threadIdx.x) / 32) * kTall * kUnit;
  for (; first < pixels; first += apart) {
    uint4 a[kTall][kPieces][2], next[kTall][2];
    load_pixels<T, kPieces, kTall, kRagged>(x, d, first, pixels, g, t, a);
    const auto pixel = [&](int m, int h) { return static_cast<std::int64_t>(first + m * kUnit + h * 8 + g) * d.k; };
    const auto own_channel = [&](int channel) { return first_channel + channel + t * kEach; };
    const auto inside = [&](int m, int h) { return first + m * kUnit + h * 8 + g < pixels; };
    const auto bring = [&](int channel) {
#pragma unroll
      for (int m = 0; m < kTall; ++m)
#pragma unroll
        for (int h = 0; h < 2; ++h)
          next[m][h] = residual != nullptr && channel < slice && inside(m, h)
                           ? (kRagged ? channels_of(residual + pixel(m, h), own_channel(channel), d.k)
                                      : *reinterpret_cast<const uint4*>(residual + pixel(m, h) + own_channel(channel)))
                           : make_uint4(0, 0, 0, 0);
    };
    bring(0);
#pragma unroll 1
    for (int channel = 0; channel < slice; channel += Dealt::kGroup) {
      uint4 added[kTall][2];
#pragma unroll
      for (int m = 0; m < kTall; ++m) added[m][0] = next[m][0], added[m][1] = next[m][1];
      bring(channel + Dealt::kGroup);
      typename Dealt::Sum sums[kTall][kTiles][4] = {};
      sum_products<T, kPieces, kTall>(weights + channel / Dealt::kGroup * kPieces * kTiles * 32, lane, a, sums);
      uint4 made[kTall][2];
      finish<T, kTall>(sums, biases + channel, slice, t, added, e, made);
#pragma unroll
      for (int i = 0; i < 2 * kTall; ++i)
        if (inside(i / 2, i % 2)) {
          T* to = y + pixel(i / 2, i % 2);
          if constexpr (kRagged)
            keep_channels(to, own_channel(channel), d.k, made[i / 2][i % 2]);
          else
            *reinterpret_cast<uint4*>(to + own_channel(channel)) = made[i / 2][i % 2];
        }
    }
  }
}

}  // namespace

int pointwise_chunk(DType dtype) { return kTogether * 16 / static_cast<int>(size_of(dtype)); }

int pointwise_depth(const ConvShape& conv, DType dtype) {
  constexpr int kWholes[] = {64, 128, 256, 512}, kFloats[] = {32, 64, 96, 128, 256};
  const std::span<const int> depths = size_of(dtype) == 1 ? std::span<const int>(kWholes) : kFloats;
  const auto found = std::ranges::find_if(depths, [&](int depth) { return depth >= conv.c; });
  return found == depths.end() ? 0 : *found;
}

int pointwise_channels(const ConvShape& conv, DType dtype) { return padded(conv.k, pointwise_chunk(dtype)); }

PointwiseShape pointwise_shape(const ConvShape& conv, int slice, DType dtype) {
  const std::size_t floats = size_of(dtype) == 1 ? 2 : 1;  // a bias and a scale
  const auto depth = static_cast<std::size_t>(pointwise_depth(conv, dtype));
  return {conv, slice, static_cast<std::size_t>(slice) * (depth * size_of(dtype) + floats * sizeof(float))};
}

std::size_t pointwise_place(const ConvShape& conv, DType dtype, int k, int c) {
  const int group = pointwise_chunk(dtype), each = group / kTogether;
  const int pieces = pointwise_depth(conv, dtype) / group;
  const int chunk = k / group, piece = c / group, within = k % group;
  const int tile = within % each / 2, column = within / each * 2 + within % 2;
  const int lane = column * kTogether + c % group / each;
  return static_cast<std::size_t>((((chunk * pieces + piece) * (each / 2) + tile) * 32 + lane) * each + c % each);
}

void launch_pointwise(const void* x, const void* filter, void* y, DType dtype, const PointwiseShape& d,
                      const Epilogue& e, cudaStream_t stream) {
  const int depth = pointwise_depth(d.conv, dtype), channels = pointwise_channels(d.conv, dtype);
  const auto launch = [&]<typename T>(const T* from, int tall, auto* kernel) {
    cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(kMostPointwiseBytes));
    const int slices = channels / d.slice;
    const std::int64_t pixels = static_cast<std::int64_t>(d.conv.n) * d.conv.p * d.conv.q;
    const dim3 grid(resident_blocks(pixels, kWarps * tall * kUnit, kPerMultiprocessor, slices),
                    static_cast<unsigned>(slices));
    kernel<<<grid, kThreads, d.shared_bytes, stream>>>(from, static_cast<const T*>(filter), static_cast<T*>(y), d.conv,
                                                       d.slice, e);
  };
  const bool ragged = depth != d.conv.c || channels != d.conv.k;
  const auto floats = [&]<typename T>(const T* from) {
    if (depth == 32) return launch(from, 2, pointwise<T, 32, 2, true>);
    if (depth == 64) return launch(from, 2, ragged ? pointwise<T, 64, 2, true> : pointwise<T, 64, 2, false>);
    if (depth == 96) return launch(from, 1, pointwise<T, 96, 1, true>);
    if (depth == 128) return launch(from, 1, ragged ? pointwise<T, 128, 1, true> : pointwise<T, 128, 1, false>);
    return launch(from, 1, ragged ? pointwise<T, 256, 1, true> : pointwise<T, 256, 1, false>);
  };
  if (dtype == DType::kBF16) return floats(static_cast<const __nv_bfloat16*>(x));
  if (dtype == DType::kF16) return floats(static_cast<const __half*>(x));
  const auto* from = static_cast<const std::int8_t*>(x);
  using S8 = std::int8_t;
  if (depth == 64) return launch(from, 1, ragged ? pointwise<S8, 64, 1, true> : pointwise<S8, 64, 1, false>);
  if (depth == 128) return launch(from, 1, ragged ? pointwise<S8, 128, 1, true> : pointwise<S8, 128, 1, false>);
  if (depth == 256) return launch(from, 1, ragged ? pointwise<S8, 256, 1, true> : pointwise<S8, 256, 1, false>);
  launch(from, 1, ragged ? pointwise<S8, 512, 1, true> : pointwise<S8, 512, 1, false>);
}

}  // namespace fovea::cuda
