#include <algorithm>

#include "backend/cuda/kernels/convolution.h"
#include "backend/cuda/kernels/launch.h"
#include "backend/cuda/kernels/number.cuh"
#include "backend/cuda/kernels/tensor_core.cuh"

namespace fovea::cuda {
namespace {

constexpr int kThreads = 256, kWarps = kThreads / 32, kUnit = 16;  ///< pixels that one tensor operation takes
constexpr int kChunk = 32, kPiece = 32;  ///< channels out and in that a warp's lanes share: eight neighbours each

/// Where a pixel of y has its channels in x, in elements.
__device__ std::int64_t place_of(const ConvShape& d, std::int64_t pixel) {
  if (d.stride_h == 1 && d.stride_w == 1) return pixel * d.c;
  const std::int64_t line = pixel / d.q, image = line / d.p;
  const std::int64_t row = (line - image * d.p) * d.stride_h, column = (pixel - line * d.q) * d.stride_w;
  return ((image * d.h + row) * d.w + column) * d.c;
}

template <typename T>
__device__ Number number() {
  return {std::is_same_v<T, __half> ? DType::kF16 : DType::kBF16, 1, 0};
}

/// Eight neighbours of y from a lane's sums of one pixel.
template <typename T>
__device__ void finish(float (&v)[8], const float* bias, const uint4& added, const Activation& act, T* y) {
  float more[8];
  load8(&added, number<T>(), 0, more);
#pragma unroll
  for (int k = 0; k < 8; ++k) v[k] += bias[k] + more[k];
  activate8(act, v);
  store8(y, number<T>(), 0, v);
}

/// A lane's part of kTall times 16 pixels, all channels in; past the last pixel the first again.
template <typename T, int kPieces, int kTall>
__device__ __forceinline__ void load_pixels(const T* x, const ConvShape& d, std::int64_t first, std::int64_t pixels,
                                            int g, int t, uint4 (&a)[kTall][kPieces][2]) {
#pragma unroll
  for (int m = 0; m < kTall; ++m)
#pragma unroll
    for (int h = 0; h < 2; ++h) {
      const std::int64_t pixel = first + m * kUnit + h * 8 + g;
      const auto* from = reinterpret_cast<const uint4*>(x + place_of(d, pixel < pixels ? pixel : first)) + t;
#pragma unroll
      for (int i = 0; i < kPieces; ++i) a[m][i][h] = from[i * 4];
    }
}

/// The products with 32 channels' filters, which begin at `weights`.
template <typename T, int kPieces, int kTall>
__device__ __forceinline__ void sum_products(const uint4* weights, int lane, const uint4 (&a)[kTall][kPieces][2],
                                             float (&sums)[kTall][4][4]) {
#pragma unroll
  for (int i = 0; i < kPieces; ++i)
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      const uint4 b = weights[(i * 4 + j) * 32 + lane];
#pragma unroll
      for (int m = 0; m < kTall; ++m) {
        const uint4 &up = a[m][i][0], &down = a[m][i][1];
        const std::uint32_t one[4] = {up.x, down.x, up.y, down.y}, two[4] = {up.z, down.z, up.w, down.w};
        multiply<T>(sums[m][j], one, b.x, b.y);
        multiply<T>(sums[m][j], two, b.z, b.w);
      }
    }
}

/// A warp makes kTall times 16 pixels of the slice at once, 32 channels after the other; what is added to the next 32
/// is on its way meanwhile.
template <typename T, int kDepth, int kTall>
__global__ void __launch_bounds__(kThreads, 2)
    pointwise(const T* x, const T* filter, const float* bias, const T* residual, T* y, ConvShape d, int slice,
              Activation act) {
  constexpr int kPieces = kDepth / kPiece;
  extern __shared__ __align__(16) unsigned char memory[];
  auto* weights = reinterpret_cast<uint4*>(memory);
  const int vectors = slice * kDepth / 8, first_channel = static_cast<int>(blockIdx.y) * slice;
  auto* biases = reinterpret_cast<float*>(weights + vectors);
  const auto* own = reinterpret_cast<const uint4*>(filter) + static_cast<std::int64_t>(blockIdx.y) * vectors;
  for (int i = threadIdx.x; i < vectors; i += kThreads) weights[i] = own[i];
  for (int i = threadIdx.x; i < slice; i += kThreads) biases[i] = bias[first_channel + i];
  __syncthreads();
  const int lane = threadIdx.x % 32, g = lane / 4, t = lane % 4;
  const std::int64_t pixels = static_cast<std::int64_t>(d.n) * d.p * d.q;
  const std::int64_t apart = static_cast<std::int64_t>(gridDim.x) * kWarps * kTall * kUnit;
  std::int64_t first = (static_cast<std::int64_t>(blockIdx.x) * kWarps + threadIdx.x / 32) * kTall * kUnit;
  for (; first < pixels; first += apart) {
    uint4 a[kTall][kPieces][2], next[kTall][2];
    load_pixels<T, kPieces, kTall>(x, d, first, pixels, g, t, a);
    const auto bring = [&](int channel) {
#pragma unroll
      for (int m = 0; m < kTall; ++m)
#pragma unroll
        for (int h = 0; h < 2; ++h) {
          const std::int64_t pixel = first + m * kUnit + h * 8 + g;
          const bool wanted = residual != nullptr && channel < slice && pixel < pixels;
          next[m][h] = wanted
                           ? *reinterpret_cast<const uint4*>(residual + pixel * d.k + first_channel + channel + t * 8)
                           : make_uint4(0, 0, 0, 0);
        }
    };
    bring(0);
#pragma unroll 1
    for (int channel = 0; channel < slice; channel += kChunk) {
      uint4 added[kTall][2];
#pragma unroll
      for (int m = 0; m < kTall; ++m) added[m][0] = next[m][0], added[m][1] = next[m][1];
      bring(channel + kChunk);
      float sums[kTall][4][4] = {};
      sum_products<T, kPieces, kTall>(weights + channel / kChunk * kPieces * 4 * 32, lane, a, sums);
#pragma unroll
      for (int m = 0; m < kTall; ++m)
#pragma unroll
        for (int h = 0; h < 2; ++h) {
          const std::int64_t pixel = first + m * kUnit + h * 8 + g;
          if (pixel >= pixels) continue;
          float v[8];
#pragma unroll
          for (int k = 0; k < 8; ++k) v[k] = sums[m][k / 2][2 * h + k % 2];
          finish(v, biases + channel + t * 8, added[m][h], act, y + pixel * d.k + first_channel + channel + t * 8);
        }
    }
  }
}

/// As many blocks as run at once, or fewer where there is less to do.
unsigned blocks(const PointwiseShape& d, int tall) {
  constexpr int kPerMultiprocessor = 2;
  int device = 0, multiprocessors = 0;
  cudaGetDevice(&device);
  cudaDeviceGetAttribute(&multiprocessors, cudaDevAttrMultiProcessorCount, device);
  const std::int64_t pixels = static_cast<std::int64_t>(d.conv.n) * d.conv.p * d.conv.q;
  const unsigned most = std::max(kPerMultiprocessor * multiprocessors * d.slice / d.conv.k, 1);
  return std::min(blocks_for(pixels, kWarps * tall * kUnit), most);
}

}  // namespace

PointwiseShape pointwise_shape(const ConvShape& conv, int slice) {
  return {conv, slice,
          static_cast<std::size_t>(slice) * (static_cast<std::size_t>(conv.c) * sizeof(__half) + sizeof(float))};
}

std::size_t pointwise_place(const ConvShape& conv, int k, int c) {
  const int chunk = k / kChunk, piece = c / kPiece, within = k % kChunk;
  const int tile = within % 8 / 2, column = within / 8 * 2 + within % 2, lane = column * 4 + c % kPiece / 8;
  return static_cast<std::size_t>((((chunk * (conv.c / kPiece) + piece) * 4 + tile) * 32 + lane) * 8 + c % 8);
}

void launch_pointwise(const void* x, const void* filter, const float* bias, const void* residual, void* y, DType dtype,
                      const PointwiseShape& d, const Activation& act, cudaStream_t stream) {
  const auto launch = [&]<typename T>(const T* from, int tall, auto* kernel) {
    cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(kMostPointwiseBytes));
    const dim3 grid(blocks(d, tall), static_cast<unsigned>(d.conv.k / d.slice));
    kernel<<<grid, kThreads, d.shared_bytes, stream>>>(from, static_cast<const T*>(filter), bias,
                                                       static_cast<const T*>(residual), static_cast<T*>(y), d.conv,
                                                       d.slice, act);
  };
  const auto by_depth = [&]<typename T>(const T* from) {
    if (d.conv.c == 64) return launch(from, 2, pointwise<T, 64, 2>);
    if (d.conv.c == 128) return launch(from, 1, pointwise<T, 128, 1>);
    return launch(from, 1, pointwise<T, 256, 1>);
  };
  if (dtype == DType::kBF16)
    by_depth(static_cast<const __nv_bfloat16*>(x));
  else
    by_depth(static_cast<const __half*>(x));
}

}  // namespace fovea::cuda
