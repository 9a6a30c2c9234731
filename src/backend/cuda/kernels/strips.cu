#include "backend/cuda/kernels/convolution.h"
#include "backend/cuda/kernels/launch.h"
#include "backend/cuda/kernels/number.cuh"

namespace fovea::cuda {
namespace {

constexpr int kThreads = 128, kColumns = 4, kEach = 4;  ///< neighbours and channels that a thread makes at once

/// Four channels as they are stored; whole numbers are taken without their zero point.
template <typename T>
struct Four;
template <>
struct Four<__half> {
  using Raw = uint2;
  static __device__ Raw outside(float) { return make_uint2(0, 0); }
  static __device__ void read(const Raw& raw, float, float (&v)[kEach]) {
    const auto* pairs = reinterpret_cast<const __half2*>(&raw);
    const float2 a = __half22float2(pairs[0]), b = __half22float2(pairs[1]);
    v[0] = a.x, v[1] = a.y, v[2] = b.x, v[3] = b.y;
  }
  static __device__ Raw made(const Number&, const float (&v)[kEach]) {
    Raw raw;
    auto* pairs = reinterpret_cast<__half2*>(&raw);
    pairs[0] = __floats2half2_rn(v[0], v[1]), pairs[1] = __floats2half2_rn(v[2], v[3]);
    return raw;
  }
};
template <>
struct Four<__nv_bfloat16> {
  using Raw = uint2;
  static __device__ Raw outside(float) { return make_uint2(0, 0); }
  static __device__ void read(const Raw& raw, float, float (&v)[kEach]) {
    v[0] = __uint_as_float(raw.x << 16), v[1] = __uint_as_float(raw.x & 0xFFFF0000U);
    v[2] = __uint_as_float(raw.y << 16), v[3] = __uint_as_float(raw.y & 0xFFFF0000U);
  }
  static __device__ Raw made(const Number&, const float (&v)[kEach]) {
    Raw raw;
    auto* pairs = reinterpret_cast<__nv_bfloat162*>(&raw);
    pairs[0] = __floats2bfloat162_rn(v[0], v[1]), pairs[1] = __floats2bfloat162_rn(v[2], v[3]);
    return raw;
  }
};
template <>
struct Four<std::int8_t> {
  using Raw = std::uint32_t;
  static __device__ Raw outside(float zero) {
    return (static_cast<std::uint32_t>(static_cast<int>(zero)) & 0xFFU) * 0x01010101U;
  }
  static __device__ void read(const Raw& raw, float zero, float (&v)[kEach]) {
    unpacked(raw, true, kOffsetS8 + zero, v);
  }
  static __device__ Raw made(const Number& n, const float (&v)[kEach]) {
    const float inverse = 1.0F / n.scale;
    float q[kEach];
#pragma unroll
    for (int k = 0; k < kEach; ++k) q[k] = v[k] * inverse + n.zero;
    return packed(q, -128, 127);
  }
};

__device__ inline void four_floats(const float* from, float (&v)[kEach]) {
  const float4 raw = *reinterpret_cast<const float4*>(from);
  v[0] = raw.x, v[1] = raw.y, v[2] = raw.z, v[3] = raw.w;
}

/// A row of a thread's results, of which `left` are in the image, to y[at] and on.
template <typename T>
__device__ __forceinline__ void finish(const float (&sums)[kColumns][kEach], const float (&bias)[kEach],
                                       const float (&scale)[kEach], const Epilogue& e, T* y, std::int64_t at,
                                       int channels, int left) {
  using Raw = typename Four<T>::Raw;
#pragma unroll
  for (int column = 0; column < kColumns; ++column) {
    if (column >= left) break;
    const std::int64_t place = at + static_cast<std::int64_t>(column) * channels;
    float v[kEach];
#pragma unroll
    for (int k = 0; k < kEach; ++k) v[k] = fmaf(sums[column][k], scale[k], bias[k]);
    if (e.residual != nullptr) {
      float added[kEach];
      Four<T>::read(*reinterpret_cast<const Raw*>(static_cast<const T*>(e.residual) + place), e.residual_type.zero,
                    added);
#pragma unroll
      for (int k = 0; k < kEach; ++k) v[k] += added[k] * e.residual_type.scale;
    }
    activate_all(e.act, v);
    *reinterpret_cast<Raw*>(y + place) = Four<T>::made(e.y_type, v);
  }
}

/// A thread makes four channels of four neighbours in each of `rows` rows: a pixel that it reads serves all windows
/// that it lies in, and a window of 3 × 3 stays in registers.
template <typename T, int kSize, int kStride>
__global__ void __launch_bounds__(kThreads, 4) strips(const T* x, Number x_type, const float* filter, T* y,
                                                      const __grid_constant__ ConvShape d, Epilogue e, int rows) {
  using Raw = typename Four<T>::Raw;
  constexpr int kSpan = (kColumns - 1) * kStride + kSize;
  constexpr bool kKept = kSize <= 3;
  const unsigned fours = static_cast<unsigned>(d.c) / kEach,
                 across = (static_cast<unsigned>(d.q) + kColumns - 1) / kColumns;
  const unsigned down = static_cast<unsigned>((d.p + rows - 1) / rows), i = blockIdx.x * kThreads + threadIdx.x;
  const unsigned c = i % fours * kEach, strip = i / fours, line = strip / across, image = line / down;
  if (image >= static_cast<unsigned>(d.n)) return;
  const int first = static_cast<int>(line - image * down) * rows, last = min(first + rows, d.p);
  const int q = static_cast<int>(strip - line * across) * kColumns, left = q * kStride - d.left;
  float kept[kKept ? kSize * kSize : 1][kEach], bias[kEach], scale[kEach] = {1, 1, 1, 1};
  if constexpr (kKept) {
#pragma unroll
    for (int tap = 0; tap < kSize * kSize; ++tap) four_floats(filter + tap * d.c + c, kept[tap]);
  }
  four_floats(e.bias + c, bias);
  if (e.scale != nullptr) four_floats(e.scale + c, scale);
  const Raw outside = Four<T>::outside(x_type.zero);
  for (int p = first; p < last; ++p) {
    float sums[kColumns][kEach] = {};
#pragma unroll
    for (int r = 0; r < kSize; ++r) {
      const int ih = p * kStride - d.top + r;
      const bool in_rows = static_cast<unsigned>(ih) < static_cast<unsigned>(d.h);
      const T* from = x + ((static_cast<std::int64_t>(image) * d.h + ih) * d.w + left) * d.c + c;
      Raw raw[kSpan];
#pragma unroll
      for (int j = 0; j < kSpan; ++j)
        raw[j] = in_rows && static_cast<unsigned>(left + j) < static_cast<unsigned>(d.w)
                     ? *reinterpret_cast<const Raw*>(from + static_cast<std::int64_t>(j) * d.c)
                     : outside;
      float own[kKept ? 1 : kSize][kEach];
      if constexpr (!kKept) {
#pragma unroll
        for (int s = 0; s < kSize; ++s) four_floats(filter + (r * kSize + s) * d.c + c, own[s]);
      }
#pragma unroll
      for (int j = 0; j < kSpan; ++j) {
        float v[kEach];
        Four<T>::read(raw[j], x_type.zero, v);
#pragma unroll
        for (int column = 0; column < kColumns; ++column) {
          const int s = j - column * kStride;
          if (s < 0 || s >= kSize) continue;
          const float(&w)[kEach] = kKept ? kept[kKept ? r * kSize + s : 0] : own[kKept ? 0 : s];
#pragma unroll
          for (int k = 0; k < kEach; ++k) sums[column][k] = fmaf(v[k], w[k], sums[column][k]);
        }
      }
    }
    const std::int64_t at = ((static_cast<std::int64_t>(image) * d.p + p) * d.q + q) * d.c + c;
    finish(sums, bias, scale, e, y, at, d.c, d.q - q);
  }
}

using Launch = void (*)(const void*, Number, const float*, void*, const ConvShape&, const Epilogue&, int, cudaStream_t);

template <typename T, int kSize, int kStride>
void launch(const void* x, Number x_type, const float* filter, void* y, const ConvShape& d, const Epilogue& e, int rows,
            cudaStream_t stream) {
  const std::int64_t items =
      static_cast<std::int64_t>(d.n) * ((d.p + rows - 1) / rows) * ((d.q + kColumns - 1) / kColumns) * (d.c / kEach);
  strips<T, kSize, kStride><<<blocks_for(items, kThreads), kThreads, 0, stream>>>(
      static_cast<const T*>(x), x_type, filter, static_cast<T*>(y), d, e, rows);
}

struct Entry {
  int size, stride;
  Launch half, bfloat, whole;
};
template <int kSize, int kStride>
constexpr Entry entry() {
  return {kSize, kStride, launch<__half, kSize, kStride>, launch<__nv_bfloat16, kSize, kStride>,
          launch<std::int8_t, kSize, kStride>};
}
constexpr Entry kTable[] = {entry<3, 1>(), entry<3, 2>(), entry<5, 1>(), entry<5, 2>(), entry<7, 1>()};

const Entry* find(const ConvShape& d) {
  if (d.r != d.s || d.stride_h != d.stride_w || d.dilation_h != 1 || d.dilation_w != 1) return nullptr;
  for (const Entry& one : kTable)
    if (one.size == d.r && one.stride == d.stride_h) return &one;
  return nullptr;
}

}  // namespace

bool strips_take(const ConvShape& conv) { return find(conv) != nullptr; }

void launch_strips(const void* x, Number x_type, const float* filter, void* y, const ConvShape& d, const Epilogue& e,
                   int rows, cudaStream_t stream) {
  const Entry& one = *find(d);
  const Launch run = x_type.dtype == DType::kF16 ? one.half : x_type.dtype == DType::kBF16 ? one.bfloat : one.whole;
  run(x, x_type, filter, y, d, e, rows, stream);
}

}  // namespace fovea::cuda
