#include "backend/cuda/kernels/convolution.h"
#include "backend/cuda/kernels/dealt.cuh"
#include "backend/cuda/kernels/launch.h"

namespace fovea::cuda {
namespace {

using T = std::int8_t;
using Dealt = Deal<T>;
constexpr int kThreads = 256, kWarps = kThreads / 32, kTall = 2, kPerMultiprocessor = 2;
constexpr int kSide = 3, kTaps = kSide * kSide, kTiles = Dealt::kTiles, kGroup = Dealt::kGroup;
constexpr int kVectors = kTaps * kTiles * 32;  ///< of 16 bytes: the filters of a group
constexpr std::size_t kSharedBytes = kVectors * sizeof(uint4) + 2 * kGroup * sizeof(float);

/// Where a lane's part of a window begins.
struct Corner {
  std::int64_t at;  ///< in x
  int row, column;  ///< no pixel: above 2^30
};

__device__ Corner corner_of(const ConvShape& d, std::int64_t pixel, std::int64_t pixels, int t) {
  if (pixel >= pixels) return {0, 1 << 30, 1 << 30};
  const auto line = static_cast<int>(pixel / d.q),
             column = static_cast<int>(pixel - static_cast<std::int64_t>(line) * d.q);
  const int image = line / d.p, row = (line - image * d.p) * d.stride_h - d.top, from = column * d.stride_w - d.left;
  return {((static_cast<std::int64_t>(image) * d.h + row) * d.w + from) * kGroup + t * Dealt::kEach, row, from};
}

__device__ __forceinline__ uint4 taken(const T* x, const Corner& corner, const ConvShape& d, int tap) {
  const int r = tap / kSide, s = tap % kSide;
  const bool inside = static_cast<unsigned>(corner.row + r) < static_cast<unsigned>(d.h) &&
                      static_cast<unsigned>(corner.column + s) < static_cast<unsigned>(d.w);
  return inside ? *reinterpret_cast<const uint4*>(x + corner.at + (r * d.w + s) * kGroup) : make_uint4(0, 0, 0, 0);
}

/// A warp makes two times 16 pixels of 64 channels at once; the next tap's pixels are on their way meanwhile.
__global__ void __launch_bounds__(kThreads, kPerMultiprocessor)
    window(const T* x, const T* filter, T* y, const __grid_constant__ ConvShape d, Epilogue e) {
  extern __shared__ __align__(16) unsigned char memory[];
  auto* weights = reinterpret_cast<uint4*>(memory);
  auto* biases = reinterpret_cast<float*>(weights + kVectors);
  const int first_channel = static_cast<int>(blockIdx.y) * kGroup;
  const auto* own = reinterpret_cast<const uint4*>(filter) + static_cast<std::int64_t>(blockIdx.y) * kVectors;
  for (int i = threadIdx.x; i < kVectors; i += kThreads) weights[i] = own[i];
  if (threadIdx.x < kGroup)
    keep_channel<T>(biases, kGroup, static_cast<int>(threadIdx.x), e, first_channel + static_cast<int>(threadIdx.x));
  __syncthreads();
  const int lane = threadIdx.x % 32, g = lane / kTogether, t = lane % kTogether;
  const std::int64_t pixels = static_cast<std::int64_t>(d.n) * d.p * d.q;
  const std::int64_t apart = static_cast<std::int64_t>(gridDim.x) * kWarps * kTall * kUnit;
  std::int64_t first = (static_cast<std::int64_t>(blockIdx.x) * kWarps + threadIdx.x / 32) * kTall * kUnit;
  for (; first < pixels; first += apart) {
    Corner corners[kTall][2];
    uint4 next[kTall][2];
#pragma unroll
    for (int i = 0; i < 2 * kTall; ++i) {
      corners[i / 2][i % 2] = corner_of(d, first + i * 8 + g, pixels, t);
      next[i / 2][i % 2] = taken(x, corners[i / 2][i % 2], d, 0);
    }
    int sums[kTall][kTiles][4] = {};
#pragma unroll
    for (int tap = 0; tap < kTaps; ++tap) {
      uint4 a[kTall][2];
#pragma unroll
      for (int i = 0; i < 2 * kTall; ++i) {
        a[i / 2][i % 2] = next[i / 2][i % 2];
        if (tap + 1 < kTaps) next[i / 2][i % 2] = taken(x, corners[i / 2][i % 2], d, tap + 1);
      }
#pragma unroll
      for (int j = 0; j < kTiles; ++j) {
        const uint4 b = weights[(tap * kTiles + j) * 32 + lane];
#pragma unroll
        for (int m = 0; m < kTall; ++m) multiply_dealt<T>(sums[m][j], a[m][0], a[m][1], b);
      }
    }
    const auto place = [&](int i) { return (first + i * 8 + g) * d.k + first_channel + t * Dealt::kEach; };
    uint4 added[kTall][2], made[kTall][2];
#pragma unroll
    for (int i = 0; i < 2 * kTall; ++i) {
      const bool wanted = e.residual != nullptr && first + i * 8 + g < pixels;
      added[i / 2][i % 2] = wanted ? *reinterpret_cast<const uint4*>(static_cast<const T*>(e.residual) + place(i))
                                   : make_uint4(0, 0, 0, 0);
    }
    finish<T, kTall>(sums, biases, kGroup, t, added, e, made);
#pragma unroll
    for (int i = 0; i < 2 * kTall; ++i)
      if (first + i * 8 + g < pixels) *reinterpret_cast<uint4*>(y + place(i)) = made[i / 2][i % 2];
  }
}

}  // namespace

std::size_t window_place(const ConvShape& conv, int k, int tap, int c) {
  return static_cast<std::size_t>(k / kGroup * kTaps + tap) * kGroup * kGroup +
         pointwise_place(conv, DType::kS8, k % kGroup, c);
}

void launch_window(const void* x, const void* filter, void* y, const ConvShape& d, const Epilogue& e,
                   cudaStream_t stream) {
  const int groups = d.k / kGroup;
  const dim3 grid(
      resident_blocks(static_cast<std::int64_t>(d.n) * d.p * d.q, kWarps * kTall * kUnit, kPerMultiprocessor, groups),
      static_cast<unsigned>(groups));
  window<<<grid, kThreads, kSharedBytes, stream>>>(static_cast<const T*>(x), static_cast<const T*>(filter),
                                                   static_cast<T*>(y), d, e);
}

}  // namespace fovea::cuda
