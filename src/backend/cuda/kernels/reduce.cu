#include "backend/cuda/kernels/launch.h"
#include "backend/cuda/kernels/number.cuh"
#include "backend/cuda/kernels/reduce.h"

namespace fovea::cuda {
namespace {

constexpr int kThreads = 256;

/// What a window sums up to, for one element or for 8 neighbours.
template <int width>
__device__ void pool_at(const void* x, const Number& from, const PoolShape& d, std::int64_t image, int c, int p, int q,
                        float (&result)[8]) {
  int counted = 0;
#pragma unroll
  for (int k = 0; k < width; ++k) result[k] = d.average ? 0.0F : -INFINITY;
  for (int r = 0; r < d.kernel_h; ++r) {
    const int ih = p * d.stride_h - d.top + r * d.dilation_h;
    for (int s = 0; s < d.kernel_w; ++s) {
      const int iw = q * d.stride_w - d.left + s * d.dilation_w;
      if (ih < 0 || ih >= d.h || iw < 0 || iw >= d.w) {
        counted += d.count_padding && ih < d.h + d.bottom && iw < d.w + d.right;
        continue;
      }
      ++counted;
      const std::int64_t at =
          d.plain ? ((image * d.c + c) * d.h + ih) * d.w + iw : ((image * d.h + ih) * d.w + iw) * d.c + c;
      float v[8];
      if constexpr (width == 8)
        load8(x, from, at, v);
      else
        v[0] = load1(x, from, at);
#pragma unroll
      for (int k = 0; k < width; ++k)
        result[k] = d.average ? result[k] + v[k] : (v[k] > result[k] || v[k] != v[k] ? v[k] : result[k]);
    }
  }
  if (d.average) {
#pragma unroll
    for (int k = 0; k < width; ++k) result[k] /= static_cast<float>(counted);
  }
}

template <int width>
__global__ void pool(const void* x, void* y, Number from, Number to, PoolShape d) {
  std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  const std::int64_t count = static_cast<std::int64_t>(d.n) * d.p * d.q * (d.c / width);
  if (i >= count) return;
  float v[8];
  if constexpr (width == 8) {
    const int c = static_cast<int>(i % (d.c / 8)) * 8;
    const std::int64_t pixel = i / (d.c / 8);
    pool_at<8>(x, from, d, pixel / d.q / d.p, c, static_cast<int>(pixel / d.q % d.p), static_cast<int>(pixel % d.q), v);
    store8(y, to, i * 8, v);
    return;
  }
  if (d.plain) {
    const std::int64_t plane = i / d.q / d.p;
    pool_at<1>(x, from, d, plane / d.c, static_cast<int>(plane % d.c), static_cast<int>(i / d.q % d.p),
               static_cast<int>(i % d.q), v);
  } else {
    const std::int64_t pixel = i / d.c;
    pool_at<1>(x, from, d, pixel / d.q / d.p, static_cast<int>(i % d.c), static_cast<int>(pixel / d.q % d.p),
               static_cast<int>(pixel % d.q), v);
  }
  store1(y, to, i, v[0]);
}

/// Neighbours at once as they are stored; NaN wins, as in the reference.
struct MaxF16 {
  using Raw = uint4;
  static constexpr int kEach = 8;
  static __device__ std::uint32_t lowest() { return 0xFC00FC00U; }
  static __device__ std::uint32_t larger(std::uint32_t a, std::uint32_t b) {
    const __half2 made = __hmax2_nan(reinterpret_cast<__half2&>(a), reinterpret_cast<__half2&>(b));
    return reinterpret_cast<const std::uint32_t&>(made);
  }
};
struct MaxBF16 {
  using Raw = uint4;
  static constexpr int kEach = 8;
  static __device__ std::uint32_t lowest() { return 0xFF80FF80U; }
  static __device__ std::uint32_t larger(std::uint32_t a, std::uint32_t b) {
    const __nv_bfloat162 made = __hmax2_nan(reinterpret_cast<__nv_bfloat162&>(a), reinterpret_cast<__nv_bfloat162&>(b));
    return reinterpret_cast<const std::uint32_t&>(made);
  }
};
template <typename Bytes>
struct MaxS8 {
  using Raw = Bytes;
  static constexpr int kEach = sizeof(Raw);
  static __device__ std::uint32_t lowest() { return 0x80808080U; }
  static __device__ std::uint32_t larger(std::uint32_t a, std::uint32_t b) { return __vmaxs4(a, b); }
};

/// A window of compile-time size over n h w c, kEach channels by thread; size 0: as the shape says.
template <typename Max, int kSize>
__global__ void max_pool(const typename Max::Raw* x, typename Max::Raw* y, PoolShape d, unsigned count) {
  constexpr int kWords = sizeof(typename Max::Raw) / 4;
  const unsigned i = blockIdx.x * kThreads + threadIdx.x, wide = static_cast<unsigned>(d.c) / Max::kEach;
  if (i >= count) return;
  const unsigned c = i % wide, pixel = i / wide, column = pixel % static_cast<unsigned>(d.q);
  const unsigned line = pixel / static_cast<unsigned>(d.q), row = line % static_cast<unsigned>(d.p);
  const unsigned image = line / static_cast<unsigned>(d.p);
  const int top = static_cast<int>(row) * d.stride_h - d.top, left = static_cast<int>(column) * d.stride_w - d.left;
  const typename Max::Raw* from = x + static_cast<std::int64_t>(image) * d.h * d.w * wide + c;
  alignas(16) std::uint32_t best[kWords];
#pragma unroll
  for (int k = 0; k < kWords; ++k) best[k] = Max::lowest();
  const auto take = [&](int ih, int iw) {
    if (ih < 0 || ih >= d.h || iw < 0 || iw >= d.w) return;
    const typename Max::Raw raw = from[static_cast<std::int64_t>(ih * d.w + iw) * wide];
    const auto* words = reinterpret_cast<const std::uint32_t*>(&raw);
#pragma unroll
    for (int k = 0; k < kWords; ++k) best[k] = Max::larger(words[k], best[k]);
  };
  if constexpr (kSize > 0) {
#pragma unroll
    for (int tap = 0; tap < kSize * kSize; ++tap) take(top + tap / kSize, left + tap % kSize);
  } else {
    for (int r = 0; r < d.kernel_h; ++r)
      for (int s = 0; s < d.kernel_w; ++s) take(top + r * d.dilation_h, left + s * d.dilation_w);
  }
  y[i] = *reinterpret_cast<const typename Max::Raw*>(best);
}

template <typename Max>
void launch_max_pool(const void* x, void* y, const PoolShape& d, std::int64_t elements, cudaStream_t stream) {
  const auto count = static_cast<unsigned>(elements / Max::kEach);
  using Raw = typename Max::Raw;
  const bool three = d.kernel_h == 3 && d.kernel_w == 3 && d.dilation_h == 1 && d.dilation_w == 1;
  auto* kernel = three ? max_pool<Max, 3> : max_pool<Max, 0>;
  kernel<<<blocks_for(count, kThreads), kThreads, 0, stream>>>(static_cast<const Raw*>(x), static_cast<Raw*>(y), d,
                                                               count);
}

__device__ float folded(Fold fold, float a, float b) {
  if (fold == Fold::kMax) return a > b || a != a ? a : b;
  return a + b;
}

constexpr int kLanes = 32, kLines = 8;

/// Lanes go along inner, `width` (1 or 8) neighbours each, lines along size: reads are neighbours where inner is long
/// (pixels of n h w c).
template <int width>
__global__ void fold_columns(const void* x, void* y, Number from, Number to, Fold fold, std::int64_t size,
                             std::int64_t inner) {
  __shared__ float parts[kLines][width][kLanes];
  const std::int64_t column = (static_cast<std::int64_t>(blockIdx.x) * kLanes + threadIdx.x) * width;
  const std::int64_t outer = blockIdx.y;
  float sums[8];
#pragma unroll
  for (int i = 0; i < width; ++i) sums[i] = fold == Fold::kMax ? -INFINITY : 0.0F;
  if (column < inner) {
#pragma unroll 4
    for (std::int64_t k = threadIdx.y; k < size; k += kLines) {
      float v[8];
      if constexpr (width == 8)
        load8(x, from, (outer * size + k) * inner + column, v);
      else
        v[0] = load1(x, from, (outer * size + k) * inner + column);
#pragma unroll
      for (int i = 0; i < width; ++i) sums[i] = folded(fold, sums[i], v[i]);
    }
  }
#pragma unroll
  for (int i = 0; i < width; ++i) parts[threadIdx.y][i][threadIdx.x] = sums[i];
  __syncthreads();
  if (threadIdx.y >= width || column >= inner) return;
  const int own = threadIdx.y;  // a line finishes one of each lane's neighbours
  float sum = parts[0][own][threadIdx.x];
  for (int k = 1; k < kLines; ++k) sum = folded(fold, sum, parts[k][own][threadIdx.x]);
  if (fold == Fold::kMean) sum /= static_cast<float>(size);
  store1(y, to, outer * inner + column + own, sum);
}

__device__ float over_warp(Fold fold, float v) {
  for (int step = 16; step > 0; step /= 2) v = folded(fold, v, __shfl_xor_sync(~0U, v, step));
  return v;
}

/// A warp per row: for inner = 1.
__global__ void fold_rows(const void* x, void* y, Number from, Number to, Fold fold, std::int64_t outer,
                          std::int64_t size) {
  const std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * (kThreads / 32) + threadIdx.x / 32;
  if (row >= outer) return;
  float sum = fold == Fold::kMax ? -INFINITY : 0.0F;
  for (std::int64_t k = threadIdx.x % 32; k < size; k += 32) sum = folded(fold, sum, load1(x, from, row * size + k));
  sum = over_warp(fold, sum);
  if (fold == Fold::kMean) sum /= static_cast<float>(size);
  if (threadIdx.x % 32 == 0) store1(y, to, row, sum);
}

/// Over all threads of the block.
__device__ float over_block(Fold fold, float v) {
  __shared__ float parts[kThreads / 32];
  v = over_warp(fold, v);
  __syncthreads();
  if (threadIdx.x % 32 == 0) parts[threadIdx.x / 32] = v;
  __syncthreads();
  v = parts[0];
  for (int k = 1; k < kThreads / 32; ++k) v = folded(fold, v, parts[k]);
  return v;
}

__global__ void softmax(const void* x, void* y, Number from, Number to, bool log, std::int64_t size,
                        std::int64_t inner) {
  const std::int64_t base = blockIdx.x / inner * size * inner + blockIdx.x % inner;
  float largest = -INFINITY, sum = 0;
  for (std::int64_t k = threadIdx.x; k < size; k += kThreads)
    largest = folded(Fold::kMax, largest, load1(x, from, base + k * inner));
  largest = over_block(Fold::kMax, largest);
  for (std::int64_t k = threadIdx.x; k < size; k += kThreads) sum += expf(load1(x, from, base + k * inner) - largest);
  sum = over_block(Fold::kSum, sum);
  const float shift = logf(sum);
  for (std::int64_t k = threadIdx.x; k < size; k += kThreads) {
    const float v = load1(x, from, base + k * inner) - largest;
    store1(y, to, base + k * inner, log ? v - shift : expf(v) / sum);
  }
}

__global__ void lrn(const void* x, void* y, Number from, Number to, int window, float alpha, float beta, float bias,
                    std::int64_t outer, std::int64_t channels, std::int64_t inner) {
  const std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (i >= outer * channels * inner) return;
  const std::int64_t c = i / inner % channels, base = i - c * inner;
  const std::int64_t begin = max(c - (window - 1) / 2, std::int64_t{0});
  const std::int64_t end = min(c + window / 2, channels - 1);
  float sum = 0;
  for (std::int64_t k = begin; k <= end; ++k) {
    const float v = load1(x, from, base + k * inner);
    sum = fmaf(v, v, sum);
  }
  store1(y, to, i, load1(x, from, i) / powf(bias + alpha / static_cast<float>(window) * sum, beta));
}

}  // namespace

void launch_pool(const void* x, void* y, Number from, Number to, const PoolShape& d, cudaStream_t stream) {
  const std::int64_t count = static_cast<std::int64_t>(d.n) * d.p * d.q * d.c;
  const bool as_stored = from.dtype == to.dtype && from.scale == to.scale && from.zero == to.zero;
  if (as_stored && !d.average && !d.plain && d.c % 8 == 0 && count < std::int64_t{1} << 31) {
    if (from.dtype == DType::kF16) return launch_max_pool<MaxF16>(x, y, d, count, stream);
    if (from.dtype == DType::kBF16) return launch_max_pool<MaxBF16>(x, y, d, count, stream);
    if (from.dtype == DType::kS8 && d.c % 16 == 0) return launch_max_pool<MaxS8<uint4>>(x, y, d, count, stream);
    if (from.dtype == DType::kS8) return launch_max_pool<MaxS8<uint2>>(x, y, d, count, stream);
  }
  if (!d.plain && d.c % 8 == 0)
    pool<8><<<blocks_for(count / 8, kThreads), kThreads, 0, stream>>>(x, y, from, to, d);
  else
    pool<1><<<blocks_for(count, kThreads), kThreads, 0, stream>>>(x, y, from, to, d);
}

void launch_fold(const void* x, void* y, Number from, Number to, Fold fold, std::int64_t outer, std::int64_t size,
                 std::int64_t inner, cudaStream_t stream) {
  if (inner == 1) {
    fold_rows<<<blocks_for(outer, kThreads / 32), kThreads, 0, stream>>>(x, y, from, to, fold, outer, size);
    return;
  }
  const auto launch = [&](int width, auto* kernel) {
    const dim3 grid(blocks_for(inner, kLanes * width), static_cast<unsigned>(outer));
    kernel<<<grid, dim3(kLanes, kLines), 0, stream>>>(x, y, from, to, fold, size, inner);
  };
  if (inner % 8 == 0) return launch(8, fold_columns<8>);
  launch(1, fold_columns<1>);
}

void launch_softmax(const void* x, void* y, Number from, Number to, bool log, std::int64_t outer, std::int64_t size,
                    std::int64_t inner, cudaStream_t stream) {
  softmax<<<static_cast<unsigned>(outer * inner), kThreads, 0, stream>>>(x, y, from, to, log, size, inner);
}

void launch_lrn(const void* x, void* y, Number from, Number to, int window, float alpha, float beta, float bias,
                std::int64_t outer, std::int64_t channels, std::int64_t inner, cudaStream_t stream) {
  lrn<<<blocks_for(outer * channels * inner, kThreads), kThreads, 0, stream>>>(x, y, from, to, window, alpha, beta,
                                                                               bias, outer, channels, inner);
}

}  // namespace fovea::cuda
