#include <type_traits>

#include "backend/cuda/kernels/convolution.h"
#include "backend/cuda/kernels/launch.h"
#include "backend/cuda/kernels/number.cuh"
#include "backend/cuda/kernels/tensor_core.cuh"

namespace fovea::cuda {
namespace {

constexpr int kThreads = 128, kWarps = kThreads / 32, kUnit = 16;  ///< pixels that one tensor operation takes

/// One element of the image as the tensor cores take it: 8 bits become their distance from zero.
template <typename T>
__device__ T element(const void* x, const Number& type, std::int64_t i) {
  if (type.dtype == DType::kS8) return T(static_cast<float>(static_cast<const std::int8_t*>(x)[i]) - type.zero);
  if (type.dtype == DType::kU8) return T(static_cast<float>(static_cast<const std::uint8_t*>(x)[i]) - type.zero);
  if (type.dtype == DType::kF8) return T(static_cast<float>(static_cast<const __nv_fp8_e4m3*>(x)[i]));
  return static_cast<const T*>(x)[i];
}

template <typename T>
__device__ uint4 eight_elements(const void* x, const Number& type, std::int64_t i) {
  if (type.dtype == DType::kF16 || type.dtype == DType::kBF16)
    return *reinterpret_cast<const uint4*>(static_cast<const T*>(x) + i);
  float v[8];
  load8(x, {type.dtype, 1, type.zero}, i, v);
  uint4 made;
  store8(&made, {std::is_same_v<T, __half> ? DType::kF16 : DType::kBF16, 1, 0}, 0, v);
  return made;
}

/// The image's rows from `top` on, with zeros around them.
template <typename T>
__device__ void load_rows(const void* x, const Number& type, T* patch, const StemShape& d, int image, int top) {
  const int eights = d.pitch / 8, rows = (d.rows - 1) * d.conv.stride_h + d.conv.r, width = d.conv.w * d.channels;
  const bool whole = d.channels == d.conv.c && width % 8 == 0;
  for (int i = threadIdx.x; i < rows * eights; i += kThreads) {
    const int row = i / eights, at = (i - row * eights) * 8 - d.lead, ih = top + row;
    uint4 value = make_uint4(0, 0, 0, 0);
    const std::int64_t line = (static_cast<std::int64_t>(image) * d.conv.h + ih) * d.conv.w * d.conv.c;
    if (ih >= 0 && ih < d.conv.h && at > -8 && at < width) {
      if (whole) {
        value = eight_elements<T>(x, type, line + at);
      } else {
        alignas(16) T made[8];
#pragma unroll
        for (int k = 0; k < 8; ++k) {
          const int pixel = (at + k) / d.channels, c = at + k - pixel * d.channels;
          const bool inside = at + k >= 0 && at + k < width && c < d.conv.c;
          made[k] = inside ? element<T>(x, type, line + pixel * d.conv.c + c) : T(0.0F);
        }
        value = *reinterpret_cast<const uint4*>(made);
      }
    }
    reinterpret_cast<uint4*>(patch)[i] = value;
  }
}

/// Whole numbers in and out, with an activation that is a bound: saturation comes with the multiplication.
__device__ bool stays_whole(const Number& x, const Epilogue& e) {
  const Function f = e.act.function;
  return (x.dtype == DType::kS8 || x.dtype == DType::kU8) && e.y_type.dtype == DType::kS8 && e.y_type.zero == 0 &&
         (f == Function::kIdentity || f == Function::kRelu || f == Function::kClip);
}

/// Eight sums as they lie in an s8 y; factor and offset bring what y keeps to to 0 … 1.
__device__ __forceinline__ uint2 whole_numbers(const float (&sums)[8], const float (&factor)[8],
                                               const float (&offset)[8], const Steps& steps) {
  std::uint32_t bits[2][4];
#pragma unroll
  for (int k = 0; k < 8; ++k)
    bits[k / 4][k % 4] =
        __float_as_uint(__saturatef(fmaf(sums[k], factor[k], offset[k])) * steps.range + (12582912.0F + steps.low));
  return make_uint2(low_bytes(bits[0]), low_bytes(bits[1]));
}

/// A thread's share of two tiles of 16 pixels, eight channels of a pixel at once. `pixels`: where the tiles begin;
/// `left`: how many of their pixels there are, less the thread's own place.
template <int kTiles>
__device__ void store_units(const float (&sums)[2][kTiles][4], void* y, const StemShape& d, const Epilogue& e,
                            bool whole, const std::int64_t (&pixels)[2], const int (&left)[2], int t) {
#pragma unroll
  for (int four = 0; four < kTiles / 4; ++four) {
    const int channel = static_cast<int>(blockIdx.y) * kTiles * 8 + four * 32 + t * 8;
    if (channel >= d.conv.k) continue;
    float bias[8], scale[8] = {1, 1, 1, 1, 1, 1, 1, 1};
    load8(e.bias, real_number(), channel, bias);
    if (e.scale != nullptr) load8(e.scale, real_number(), channel, scale);
    if (whole) {
      const float each = 1.0F / (e.y_type.scale * e.steps.range), low = e.steps.low / e.steps.range;
#pragma unroll
      for (int k = 0; k < 8; ++k) scale[k] *= each, bias[k] = fmaf(bias[k], each, -low);
    }
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      const int h = i / 2, half = i % 2;
      if (8 * half >= left[h]) continue;
      const std::int64_t at = (pixels[h] + 8 * half) * d.conv.k + channel;
      float v[8];
#pragma unroll
      for (int k = 0; k < 8; ++k) v[k] = sums[h][four * 4 + k / 2][2 * half + k % 2];
      if (whole) {
        *reinterpret_cast<uint2*>(static_cast<std::int8_t*>(y) + at) = whole_numbers(v, scale, bias, e.steps);
        continue;
      }
#pragma unroll
      for (int k = 0; k < 8; ++k) v[k] = v[k] * scale[k] + bias[k];
      activate_all(e.act, v);
      store8(y, e.y_type, at, v);
    }
  }
}

/// A warp makes two times 16 neighbours of an output row at once. Columns of a tile are dealt to the channels so that a
/// thread holds eight neighbours of each.
template <typename T, int kTiles>
__global__ void __launch_bounds__(kThreads)
    stem(const void* x, Number type, const T* filter, void* y, const __grid_constant__ StemShape d, Epilogue e) {
  extern __shared__ __align__(16) unsigned char memory[];
  auto* weights = reinterpret_cast<uint4*>(memory);
  const int weight_vectors = d.steps * kTiles * 16;
  T* patch = reinterpret_cast<T*>(weights + weight_vectors);
  const int groups = (d.conv.p + d.rows - 1) / d.rows, image = blockIdx.x / groups;
  const int first_row = (blockIdx.x - image * groups) * d.rows;
  const auto* own = reinterpret_cast<const uint4*>(filter) + static_cast<std::int64_t>(blockIdx.y) * weight_vectors;
  for (int i = threadIdx.x; i < weight_vectors; i += kThreads) weights[i] = own[i];
  load_rows(x, type, patch, d, image, first_row * d.conv.stride_h - d.conv.top);
  __syncthreads();
  const int lane = threadIdx.x % 32, g = lane / 4, t = lane % 4;
  const int across = (d.conv.q + kUnit - 1) / kUnit, rows = min(d.rows, d.conv.p - first_row), units = rows * across;
  const int step_q = d.conv.stride_w * d.channels;
  const bool whole = stays_whole(type, e);
  for (int pair = threadIdx.x / 32; pair * 2 < units; pair += kWarps) {
    float sums[2][kTiles][4] = {};
    const T* from[2];
#pragma unroll
    for (int h = 0; h < 2; ++h) {
      const int unit = min(pair * 2 + h, units - 1), p = unit / across, q = (unit - p * across) * kUnit + g;
      from[h] =
          patch + p * d.conv.stride_h * d.pitch + d.lead - d.conv.left * d.channels - d.phase + q * step_q + 2 * t;
    }
    for (int step = 0; step < d.steps; ++step) {
      const int near = d.offsets[2 * step], far = d.offsets[2 * step + 1];
      std::uint32_t a[2][4];
#pragma unroll
      for (int h = 0; h < 2; ++h) {
        a[h][0] = *reinterpret_cast<const std::uint32_t*>(from[h] + near);
        a[h][1] = *reinterpret_cast<const std::uint32_t*>(from[h] + near + 8 * step_q);
        a[h][2] = *reinterpret_cast<const std::uint32_t*>(from[h] + far);
        a[h][3] = *reinterpret_cast<const std::uint32_t*>(from[h] + far + 8 * step_q);
      }
#pragma unroll
      for (int two = 0; two < kTiles / 2; ++two) {
        const uint4 b = weights[(step * (kTiles / 2) + two) * 32 + lane];
#pragma unroll
        for (int h = 0; h < 2; ++h) {
          multiply<T>(sums[h][2 * two], a[h], b.x, b.y);
          multiply<T>(sums[h][2 * two + 1], a[h], b.z, b.w);
        }
      }
    }
    std::int64_t pixels[2];
    int left[2];
#pragma unroll
    for (int h = 0; h < 2; ++h) {
      const int unit = pair * 2 + h, p = unit / across, q = (unit - p * across) * kUnit + g;
      pixels[h] = (static_cast<std::int64_t>(image) * d.conv.p + first_row + p) * d.conv.q + q;
      left[h] = unit < units ? d.conv.q - q : 0;
    }
    store_units<kTiles>(sums, y, d, e, whole, pixels, left, t);
  }
}

}  // namespace

StemShape stem_shape(const ConvShape& conv, int rows) {
  StemShape made{};
  made.conv = conv;
  made.rows = rows;
  made.channels = conv.stride_w * conv.c % 2 == 0 ? conv.c : conv.c + 1;
  const int left = conv.left * made.channels;
  made.phase = left % 2;
  made.eights = (made.phase + conv.s * made.channels + 7) / 8;
  made.steps = (conv.r * made.eights + 1) / 2;
  made.lead = padded(left + made.phase, 8);
  const int wide = padded(conv.q, kUnit);
  made.pitch = padded(made.lead - left - made.phase + (wide - 1) * conv.stride_w * made.channels + made.eights * 8, 8);
  made.tiles = conv.k <= 32 ? 4 : 8;
  made.shared_bytes =
      2 * (static_cast<std::size_t>(made.steps) * static_cast<std::size_t>(made.tiles) * 128 +
           static_cast<std::size_t>((rows - 1) * conv.stride_h + conv.r) * static_cast<std::size_t>(made.pitch));
  for (int i = 0; i < std::min(conv.r * made.eights, StemShape::kMostEights); ++i)
    made.offsets[i] = i / made.eights * made.pitch + i % made.eights * 8;
  return made;
}

std::size_t stem_filter_elements(const StemShape& d) {
  const auto blocks = static_cast<std::size_t>((d.conv.k + d.tiles * 8 - 1) / (d.tiles * 8));
  return blocks * static_cast<std::size_t>(d.steps) * static_cast<std::size_t>(d.tiles) * 128;
}

std::size_t stem_place(const StemShape& d, int k, int r, int s, int c) {
  const int block = k / (d.tiles * 8), channel = k % (d.tiles * 8);
  const int within = channel % 32, tile = channel / 32 * 4 + within % 8 / 2, column = within / 8 * 2 + within % 2;
  const int along = d.phase + s * d.channels + c, eight = r * d.eights + along / 8;
  const int lane = column * 4 + along % 8 / 2;
  const int place = ((block * d.steps + eight / 2) * (d.tiles / 2) + tile / 2) * 32 + lane;
  return static_cast<std::size_t>(place) * 8 + static_cast<std::size_t>(tile % 2 * 4 + eight % 2 * 2 + along % 2);
}

void launch_stem(const void* x, Number x_type, const void* filter, void* y, const StemShape& d, const Epilogue& e,
                 cudaStream_t stream) {
  const dim3 grid(static_cast<unsigned>(d.conv.n * ((d.conv.p + d.rows - 1) / d.rows)),
                  static_cast<unsigned>((d.conv.k + d.tiles * 8 - 1) / (d.tiles * 8)));
  const auto launch = [&]<typename T>(const T* weights, auto* kernel) {
    if (d.shared_bytes > 48 << 10)
      cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(kMostStemBytes));
    kernel<<<grid, kThreads, d.shared_bytes, stream>>>(x, x_type, weights, y, d, e);
  };
  if (x_type.dtype == DType::kBF16) {
    const auto* weights = static_cast<const __nv_bfloat16*>(filter);
    launch(weights, d.tiles == 4 ? stem<__nv_bfloat16, 4> : stem<__nv_bfloat16, 8>);
  } else {
    const auto* weights = static_cast<const __half*>(filter);
    launch(weights, d.tiles == 4 ? stem<__half, 4> : stem<__half, 8>);
  }
}

}  // namespace fovea::cuda
