#include "backend/cuda/kernels/convolution.h"
#include "backend/cuda/kernels/launch.h"
#include "backend/cuda/kernels/number.cuh"

namespace fovea::cuda {
namespace {

constexpr int kThreads = 128;

/// A thread makes 8 channels of one pixel.
__global__ void depthwise(const void* x, Number x_type, const float* filter, void* y, ConvShape d, Epilogue e) {
  const std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  const int wide = d.c / 8;
  const std::int64_t pixel = i / wide;
  if (pixel >= static_cast<std::int64_t>(d.n) * d.p * d.q) return;
  const int c = static_cast<int>(i % wide) * 8, q = static_cast<int>(pixel % d.q);
  const int p = static_cast<int>(pixel / d.q % d.p), image = static_cast<int>(pixel / d.q / d.p);
  float sum[8];
#pragma unroll
  for (int k = 0; k < 8; ++k) sum[k] = e.bias == nullptr ? 0.0F : e.bias[c + k];
  for (int r = 0; r < d.r; ++r) {
    const int ih = p * d.stride_h - d.top + r * d.dilation_h;
    if (ih < 0 || ih >= d.h) continue;
    for (int s = 0; s < d.s; ++s) {
      const int iw = q * d.stride_w - d.left + s * d.dilation_w;
      if (iw < 0 || iw >= d.w) continue;
      float v[8];
      load8(x, x_type, ((static_cast<std::int64_t>(image) * d.h + ih) * d.w + iw) * d.c + c, v);
      const auto* w = reinterpret_cast<const float4*>(filter + (r * d.s + s) * d.c + c);
      const float4 w0 = w[0], w1 = w[1];
      const float weights[8] = {w0.x, w0.y, w0.z, w0.w, w1.x, w1.y, w1.z, w1.w};
#pragma unroll
      for (int k = 0; k < 8; ++k) sum[k] = fmaf(v[k], weights[k], sum[k]);
    }
  }
  const std::int64_t at = pixel * d.c + c;
  float added[8] = {};
  if (e.residual != nullptr) load8(e.residual, e.residual_type, at, added);
#pragma unroll
  for (int k = 0; k < 8; ++k) sum[k] += added[k];
  activate_all(e.act, sum);
  store8(y, e.y_type, at, sum);
}

constexpr int kRowsAtOnce = 8;

/// A warp makes one column of up to 8 rows, so that a filter is read once for them.
__global__ void rows(const void* x, const void* filter, void* y, Number type, int m, int n, int k, Epilogue e) {
  const int column = static_cast<int>(blockIdx.x) * (kThreads / 32) + threadIdx.x / 32, lane = threadIdx.x % 32;
  const int first = static_cast<int>(blockIdx.y) * kRowsAtOnce;
  if (column >= n) return;
  const Number weights_type{type.dtype == DType::kU8 ? DType::kS8 : type.dtype, 1, 0};
  float sums[kRowsAtOnce] = {};
  for (int at = lane * 8; at < k; at += 256) {
    float w[8];
    load8(filter, weights_type, static_cast<std::int64_t>(column) * k + at, w);
#pragma unroll
    for (int row = 0; row < kRowsAtOnce; ++row) {
      if (first + row >= m) break;
      float v[8];
      load8(x, type, static_cast<std::int64_t>(first + row) * k + at, v);
#pragma unroll
      for (int j = 0; j < 8; ++j) sums[row] = fmaf(v[j], w[j], sums[row]);
    }
  }
#pragma unroll
  for (int row = 0; row < kRowsAtOnce; ++row) {
    for (int step = 16; step > 0; step /= 2) sums[row] += __shfl_xor_sync(~0U, sums[row], step);
    if (lane != 0 || first + row >= m) continue;
    const float sum = e.scale == nullptr ? sums[row] : sums[row] * e.scale[column];
    const float bias = e.bias == nullptr ? 0.0F : e.bias[column];
    store1(y, e.y_type, static_cast<std::int64_t>(first + row) * n + column, activated(e.act, sum + bias));
  }
}

}  // namespace

void launch_depthwise(const void* x, Number x_type, const float* filter, void* y, const ConvShape& d, const Epilogue& e,
                      cudaStream_t stream) {
  const std::int64_t items = static_cast<std::int64_t>(d.n) * d.p * d.q * (d.c / 8);
  depthwise<<<blocks_for(items, kThreads), kThreads, 0, stream>>>(x, x_type, filter, y, d, e);
}

void launch_rows(const void* x, const void* filter, void* y, Number type, int m, int n, int k, const Epilogue& e,
                 cudaStream_t stream) {
  const dim3 grid(blocks_for(n, kThreads / 32), blocks_for(m, kRowsAtOnce));
  rows<<<grid, kThreads, 0, stream>>>(x, filter, y, type, m, n, k, e);
}

}  // namespace fovea::cuda
