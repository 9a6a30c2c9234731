#include "backend/cuda/kernels/convolution.h"
#include "backend/cuda/kernels/dealt.cuh"
#include "backend/cuda/kernels/launch.h"

namespace fovea::cuda {
namespace {

constexpr int kThreads = 256, kWarps = kThreads / 32, kTile = 32;  ///< rows and columns of a block

/// Both operands' rows go to registers as they lie; past the last row the last again.
template <typename T>
__global__ void __launch_bounds__(kThreads)
    product(const T* x, const T* filter, void* y, int m, int n, int k, Epilogue e) {
  using Sum = typename Deal<T>::Sum;
  __shared__ Sum parts[kWarps][kTile][kTile + 1];
  const int lane = threadIdx.x % 32, warp = threadIdx.x / 32, g = lane / kTogether, t = lane % kTogether;
  const int row = static_cast<int>(blockIdx.x) * kTile, column = static_cast<int>(blockIdx.y) * kTile;
  const uint4 *rows[4], *columns[4];
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    rows[i] = reinterpret_cast<const uint4*>(x + static_cast<std::int64_t>(min(row + i * 8 + g, m - 1)) * k) + t;
    columns[i] =
        reinterpret_cast<const uint4*>(filter + static_cast<std::int64_t>(min(column + i * 8 + g, n - 1)) * k) + t;
  }
  Sum sums[2][4][4] = {};
  const int pieces = k / Deal<T>::kGroup;
#pragma unroll 2
  for (int piece = warp; piece < pieces; piece += kWarps) {
    uint4 a[4], b[4];
#pragma unroll
    for (int i = 0; i < 4; ++i) a[i] = rows[i][piece * kTogether], b[i] = columns[i][piece * kTogether];
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      multiply_dealt<T>(sums[0][j], a[0], a[1], b[j]);
      multiply_dealt<T>(sums[1][j], a[2], a[3], b[j]);
    }
  }
#pragma unroll
  for (int i = 0; i < 2; ++i)
#pragma unroll
    for (int j = 0; j < 4; ++j)
#pragma unroll
      for (int s = 0; s < 4; ++s) parts[warp][i * 16 + s / 2 * 8 + g][j * 8 + 2 * t + s % 2] = sums[i][j][s];
  __syncthreads();
  for (int i = threadIdx.x; i < kTile * kTile; i += kThreads) {
    const int down = i / kTile, along = i % kTile;
    if (row + down >= m || column + along >= n) continue;
    Sum sum = 0;
#pragma unroll
    for (const auto& part : parts) sum += part[down][along];
    const float scale = e.scale == nullptr ? 1.0F : e.scale[column + along];
    const float v = activated(e.act, static_cast<float>(sum) * scale + e.bias[column + along]);
    store1(y, e.y_type, static_cast<std::int64_t>(row + down) * n + column + along, v);
  }
}

}  // namespace

void launch_product(const void* x, const void* filter, void* y, DType type, int m, int n, int k, const Epilogue& e,
                    cudaStream_t stream) {
  const dim3 grid(blocks_for(m, kTile), blocks_for(n, kTile));
  const auto launch = [&]<typename T>(const T* from) {
    product<T><<<grid, kThreads, 0, stream>>>(from, static_cast<const T*>(filter), y, m, n, k, e);
  };
  if (type == DType::kS8) return launch(static_cast<const std::int8_t*>(x));
  if (type == DType::kBF16) return launch(static_cast<const __nv_bfloat16*>(x));
  launch(static_cast<const __half*>(x));
}

}  // namespace fovea::cuda
