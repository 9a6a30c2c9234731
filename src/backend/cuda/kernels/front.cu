#include "backend/cuda/kernels/front.h"

#include <climits>
#include <type_traits>

#include "backend/cuda/kernels/launch.h"
#include "backend/cuda/kernels/number.cuh"
#include "backend/cuda/kernels/warpgroup.cuh"

namespace fovea::cuda {
namespace {

constexpr int kGroups = 2, kThreads = kGroups * 128, kPerMultiprocessor = 2;
constexpr int kUnit = 16;    ///< columns of a strip: a warp's
constexpr int kPooled = 7;   ///< columns of a pooled result by strip: the first of its eight pairs is its neighbour's
constexpr int kMargin = 4;   ///< columns of the image that the first strip reads in front of the padding

template <typename T>
using Sum = std::conditional_t<sizeof(T) == 1, int, float>;

template <typename T>
__device__ __forceinline__ Sum<T> lowest() {
  if constexpr (sizeof(T) == 1)
    return INT_MIN;
  else
    return -INFINITY;
}

__device__ __forceinline__ int larger(int a, int b) { return max(a, b); }
/// NaN stays NaN, as in the reference.
__device__ __forceinline__ float larger(float a, float b) {
  float kept;
  asm("max.NaN.f32 %0, %1, %2;" : "=f"(kept) : "f"(a), "f"(b));
  return kept;
}

/// A block's shared memory, in this order; every part a multiple of 16 bytes.
struct Parts {
  unsigned char* weights;
  float* biases;  ///< and behind them the scales
  std::uint32_t* table;
  uint2* patch;
  __device__ Parts(unsigned char* memory, const FrontShape& d) {
    weights = memory;
    biases = reinterpret_cast<float*>(weights + d.steps * d.tiles * 256);
    table = reinterpret_cast<std::uint32_t*>(biases + 2 * d.tiles * 8);
    patch = reinterpret_cast<uint2*>(table + kFrontTable);
  }
};

/// One pixel as it lies in shared memory.
template <typename T>
using Pixel = std::conditional_t<sizeof(T) == 1, std::uint32_t, uint2>;

__device__ __forceinline__ void keep_pixel(std::uint32_t& to, std::uint32_t a, std::uint32_t b, std::uint32_t c) {
  to = a | b | c;
}
__device__ __forceinline__ void keep_pixel(uint2& to, std::uint32_t a, std::uint32_t b, std::uint32_t c) {
  to = make_uint2(a | b, c);
}

/// Four pixels of three channels, from their words.
template <typename T>
__device__ __forceinline__ void keep_four(const std::uint32_t (&raw)[3], const std::uint32_t* table, Pixel<T>* pixels) {
  alignas(16) Pixel<T> made[4];
#pragma unroll
  for (int k = 0; k < 4; ++k) {
    std::uint32_t v[3];
#pragma unroll
    for (int c = 0; c < 3; ++c) v[c] = table[c * 256 + (raw[(3 * k + c) / 4] >> (3 * k + c) % 4 * 8 & 255)];
    keep_pixel(made[k], v[0], v[1], v[2]);
  }
#pragma unroll
  for (int k = 0; k < static_cast<int>(sizeof(made) / sizeof(uint4)); ++k)
    reinterpret_cast<uint4*>(pixels)[k] = reinterpret_cast<const uint4*>(made)[k];
}

/// The image's rows from `top` on; rows outside are zeros. What lies beside them was cleared once.
template <typename T>
__device__ __forceinline__ void load_patch(const std::uint8_t* x, const std::uint32_t* table, uint2* patch,
                                           const FrontShape& d, int image, int top) {
  constexpr int kTogether = 4;  ///< on their way at once
  auto* pixels = reinterpret_cast<Pixel<T>*>(patch);
  const unsigned pitch = d.pitch * d.pixels, from = kMargin + d.lead + d.conv.left;
  const std::uint8_t* whole = x + static_cast<std::int64_t>(image) * d.conv.h * d.conv.w * d.conv.c;
  if (d.conv.c == 3 && d.conv.w % 4 == 0) {
    const unsigned quads = d.conv.w / 4, all = d.patch_rows * quads;
    for (unsigned base = threadIdx.x; base < all; base += kTogether * kThreads) {
      std::uint32_t raw[kTogether][3];
      bool inside[kTogether];
#pragma unroll
      for (int i = 0; i < kTogether; ++i) {
        const unsigned at = base + i * kThreads, row = at / quads, quad = at - row * quads;
        const int ih = top + static_cast<int>(row);
        inside[i] = at < all && ih >= 0 && ih < d.conv.h;
        const auto* words = reinterpret_cast<const std::uint32_t*>(whole + (inside[i] ? ih : 0) * d.conv.w * 3) + quad * 3;
#pragma unroll
        for (int k = 0; k < 3; ++k) raw[i][k] = inside[i] ? words[k] : 0;
      }
#pragma unroll
      for (int i = 0; i < kTogether; ++i) {
        const unsigned at = base + i * kThreads, row = at / quads, quad = at - row * quads;
        if (at >= all) break;
        Pixel<T>* to = pixels + row * pitch + from + quad * 4;
        if (inside[i]) {
          keep_four<T>(raw[i], table, to);
        } else {
#pragma unroll
          for (int k = 0; k < static_cast<int>(sizeof(Pixel<T>)) / 4; ++k)
            reinterpret_cast<uint4*>(to)[k] = make_uint4(0, 0, 0, 0);
        }
      }
    }
    return;
  }
  for (int i = threadIdx.x; i < d.patch_rows * d.conv.w; i += kThreads) {
    const int row = i / d.conv.w, column = i - row * d.conv.w, ih = top + row;
    std::uint32_t v[3] = {};
    if (ih >= 0 && ih < d.conv.h)
      for (int c = 0; c < d.conv.c; ++c) v[c] = table[c * 256 + whole[(ih * d.conv.w + column) * d.conv.c + c]];
    keep_pixel(pixels[row * pitch + from + column], v[0], v[1], v[2]);
  }
}

/// One row of a strip; a lane has the even column 2g in the first half of a fragment, the odd one in the second.
template <typename T, int kTiles, int kChunk>
__device__ __forceinline__ void sum_row(const uint2* from, const unsigned char* weights, const FrontShape& d,
                                        Sum<T> (&sums)[kTiles][4]) {
  constexpr int kOdd = sizeof(T) == 1 ? 1 : 2, kSlice = kTiles * 8 * 16;
  const Described filters(weights, kSlice);
  for (int first = 0; first < d.steps; first += kChunk) {
    std::uint32_t a[kChunk][4];
#pragma unroll
    for (int i = 0; i < kChunk; ++i) {
      const uint2* at = from + d.offsets[first + i];
      const uint2 even = at[0], odd = at[kOdd];
      a[i][0] = even.x, a[i][1] = odd.x, a[i][2] = even.y, a[i][3] = odd.y;
    }
    begin_products();
#pragma unroll
    for (int i = 0; i < kChunk; ++i)
      multiply_group<T>(sums, a[i], filters.at((first + i) * 2 * kSlice), first + i > 0);
    await_products();
  }
}

/// A lane's channels of one pixel, neighbours, as they lie in y.
template <int kCount>
__device__ __forceinline__ void store_run(const int (&v)[kCount], const float* biases, const Epilogue& e,
                                          std::int8_t* to) {
  const float* scales = biases + 4 * kCount;
  const float shift = 12582912.0F + e.steps.low;
  alignas(16) std::uint32_t made[kCount / 4];
#pragma unroll
  for (int i = 0; i < kCount / 4; ++i) {
    const float4 b = reinterpret_cast<const float4*>(biases)[i], s = reinterpret_cast<const float4*>(scales)[i];
    const float bias[4] = {b.x, b.y, b.z, b.w}, scale[4] = {s.x, s.y, s.z, s.w};
    std::uint32_t bits[4];
#pragma unroll
    for (int k = 0; k < 4; ++k)
      bits[k] = __float_as_uint(__saturatef(fmaf(static_cast<float>(v[4 * i + k]), scale[k], bias[k])) * e.steps.range + shift);
    made[i] = low_bytes(bits);
  }
  if constexpr (kCount == 16)
    *reinterpret_cast<uint4*>(to) = *reinterpret_cast<const uint4*>(made);
  else
    *reinterpret_cast<uint2*>(to) = *reinterpret_cast<const uint2*>(made);
}

template <int kCount, typename T>
__device__ __forceinline__ void store_run(const float (&v)[kCount], const float* biases, const Epilogue& e, T* to) {
  constexpr Number kNumber = {std::is_same_v<T, __half> ? DType::kF16 : DType::kBF16, 1, 0};
#pragma unroll
  for (int eight = 0; eight < kCount / 8; ++eight) {
    float bias[8], sum[8];
    load8(biases, real_number(), eight * 8, bias);
#pragma unroll
    for (int k = 0; k < 8; ++k) sum[k] = v[eight * 8 + k] + bias[k];
    activate_all(e.act, sum);
    store8(to, kNumber, eight * 8, sum);
  }
}

/// Where in a block's work a lane is.
struct Place {
  int image, first;  ///< row of the result
  int strip, g, t;
};

/// What a lane has of one pixel of the result, in y.
template <typename T, int kTiles>
__device__ __forceinline__ void store_pixel(const Sum<T> (&v)[2 * kTiles], const Parts& parts, const FrontShape& d,
                                            const Epilogue& e, const Place& at, int row, int column, T* y) {
  const int within = at.t * 2 * kTiles, channel = static_cast<int>(blockIdx.y) * kTiles * 8 + within;
  if (row >= d.p || column < 0 || column >= d.q || channel >= d.conv.k) return;
  T* to = y + ((static_cast<std::int64_t>(at.image) * d.p + row) * d.q + column) * d.conv.k + channel;
  store_run(v, parts.biases + within, e, to);
}

/// One row of the convolution, the greatest of each three neighbours of a strip; `row` outside the image: the lowest.
template <typename T, int kTiles, int kChunk>
__device__ __forceinline__ void greatest_in_row(const uint2* from, const Parts& parts, const FrontShape& d, int row,
                                                int column, Sum<T> (&v)[2 * kTiles]) {
  Sum<T> sums[kTiles][4];
  sum_row<T, kTiles, kChunk>(from, parts.weights, d, sums);
  const bool all = row < 0 || row >= d.conv.p, no_even = all || column < 0 || column >= d.conv.q;
  const bool no_odd = all || column + 1 < 0 || column + 1 >= d.conv.q;
#pragma unroll
  for (int k = 0; k < 2 * kTiles; ++k) {
    const Sum<T> even = no_even ? lowest<T>() : sums[k / 2][k % 2], odd = no_odd ? lowest<T>() : sums[k / 2][2 + k % 2];
    v[k] = larger(larger(even, odd), __shfl_up_sync(0xFFFFFFFFU, odd, 4));
  }
}

/// Rows of the pooled result; what the convolution's last row had stays for the next result.
template <typename T, int kTiles, int kChunk>
__device__ __forceinline__ void pooled_rows(const uint2* from, const Parts& parts, const FrontShape& d,
                                            const Epilogue& e, const Place& at, T* y) {
  constexpr int kRun = 2 * kTiles;
  const int most = min(d.rows, d.p - at.first), column = 2 * (at.strip * kPooled + at.g - 1);
  Sum<T> kept[kRun];
#pragma unroll
  for (int k = 0; k < kRun; ++k) kept[k] = lowest<T>();
#pragma unroll 1
  for (int i = -1; i < 2 * most; ++i) {  // the row in front belongs to the first result
    if (i < 0 && at.first == 0) continue;
    Sum<T> v[kRun];
    greatest_in_row<T, kTiles, kChunk>(from + (2 * i + 2) * d.pitch, parts, d, 2 * at.first + i, column, v);
#pragma unroll
    for (int k = 0; k < kRun; ++k) kept[k] = larger(kept[k], v[k]);
    if (i % 2 == 0 || i < 0) continue;
    if (at.g > 0) store_pixel<T, kTiles>(kept, parts, d, e, at, at.first + i / 2, at.strip * kPooled + at.g - 1, y);
#pragma unroll
    for (int k = 0; k < kRun; ++k) kept[k] = v[k];
  }
}

template <typename T, int kTiles, int kChunk>
__device__ __forceinline__ void plain_rows(const uint2* from, const Parts& parts, const FrontShape& d,
                                           const Epilogue& e, const Place& at, T* y) {
  constexpr int kRun = 2 * kTiles;
#pragma unroll 1
  for (int i = 0; i < d.rows; ++i) {
    Sum<T> sums[kTiles][4];
    sum_row<T, kTiles, kChunk>(from + 2 * i * d.pitch, parts.weights, d, sums);
#pragma unroll
    for (int m = 0; m < 2; ++m) {
      Sum<T> v[kRun];
#pragma unroll
      for (int k = 0; k < kRun; ++k) v[k] = sums[k / 2][m * 2 + k % 2];
      store_pixel<T, kTiles>(v, parts, d, e, at, at.first + i, at.strip * kUnit + 2 * at.g + m, y);
    }
  }
}

template <typename T, int kTiles>
__device__ void keep_constants(const std::uint32_t* table, const T* filter, const Parts& parts, const FrontShape& d,
                               const Epilogue& e) {
  constexpr int kChannels = kTiles * 8;
  const int vectors = d.steps * kTiles * 16, first = static_cast<int>(blockIdx.y) * kChannels;
  const auto* own = reinterpret_cast<const uint4*>(filter) + static_cast<std::int64_t>(blockIdx.y) * vectors;
  for (int i = threadIdx.x; i < vectors; i += kThreads) reinterpret_cast<uint4*>(parts.weights)[i] = own[i];
  for (int i = threadIdx.x; i < static_cast<int>(kFrontTable); i += kThreads) parts.table[i] = table[i];
  for (int i = threadIdx.x; i < d.pitch * d.patch_rows; i += kThreads) parts.patch[i] = make_uint2(0, 0);
  for (int i = threadIdx.x; i < kChannels; i += kThreads) {
    const bool there = first + i < d.conv.k;
    const float bias = there ? e.bias[first + i] : 0.0F;
    if constexpr (sizeof(T) == 1) {  // such that what y keeps to is 0 to 1: sums saturate there on their way
      parts.biases[i] = (bias - e.steps.low) / e.steps.range;
      parts.biases[kChannels + i] = (there ? e.scale[first + i] : 0.0F) / e.steps.range;
    } else {
      parts.biases[i] = bias;
    }
  }
}

template <typename T, int kTiles, int kChunk, bool kWithPool>
__global__ void __launch_bounds__(kThreads, kPerMultiprocessor)
    front(const std::uint8_t* x, const std::uint32_t* table, const T* filter, T* y, const __grid_constant__ FrontShape d,
          const __grid_constant__ Epilogue e) {
  extern __shared__ __align__(128) unsigned char memory[];
  const Parts parts(memory, d);
  keep_constants<T, kTiles>(table, filter, parts, d, e);
  publish_shared();
  const int groups = (d.p + d.rows - 1) / d.rows, items = d.conv.n * groups;
  Place at{};
  at.g = threadIdx.x % 32 / 4, at.t = threadIdx.x % 4;
  for (int item = blockIdx.x; item < items; item += gridDim.x) {
    at.image = item / groups, at.first = (item - at.image * groups) * d.rows;
    const int first_row = kWithPool ? 2 * at.first - 1 : at.first;
    __syncthreads();
    load_patch<T>(x, parts.table, parts.patch, d, at.image, 2 * first_row - d.conv.top);
    __syncthreads();
    for (int strip = threadIdx.x / 32; strip < (d.strips + 3) / 4 * 4; strip += kThreads / 32) {
      at.strip = min(strip, d.strips - 1);  // a warp without one helps its group
      const int first = kWithPool ? at.strip * 2 * kPooled - 2 : at.strip * kUnit;
      const uint2* from = parts.patch + (2 * (first + 2 * at.g) + kMargin + d.lead - d.phase) / d.pixels + at.t;
      if constexpr (kWithPool)
        pooled_rows<T, kTiles, kChunk>(from, parts, d, e, at, y);
      else
        plain_rows<T, kTiles, kChunk>(from, parts, d, e, at, y);
    }
  }
}

}  // namespace

FrontShape front_shape(const ConvShape& conv, DType dtype, int rows, bool pooled, int p, int q) {
  constexpr int kFew = 3, kMany = 7;
  FrontShape d{};
  d.conv = conv, d.pooled = pooled, d.p = p, d.q = q, d.rows = rows;
  const bool whole = size_of(dtype) == 1;
  d.tiles = conv.k <= 32 || conv.k % 16 != 0 ? 4 : 8;
  d.strips = pooled ? (q + kPooled - 1) / kPooled : (q + kUnit - 1) / kUnit;
  d.pixels = whole ? 2 : 1;
  d.lead = (4 - conv.left % 4) % 4;
  d.phase = whole ? d.lead % 2 : 0;
  d.across = (conv.s + d.phase + 4 * d.pixels - 1) / (4 * d.pixels);
  d.chunk = conv.r * d.across <= kFew ? kFew : kMany;
  d.steps = padded(conv.r * d.across, d.chunk);
  const int most = 2 * ((pooled ? d.strips * 2 * kPooled + 1 : d.strips * kUnit - 1)) + 4 * d.pixels * d.across;
  d.pitch = padded(kMargin + d.lead + std::max(most, conv.left + conv.w), 4) / d.pixels;
  d.patch_rows = 2 * ((pooled ? 2 * rows + 1 : rows) - 1) + conv.r;
  for (int i = 0; i < std::min(conv.r * d.across, kMostFrontSteps); ++i)  // past the last: the first, with zeros
    d.offsets[i] = i / d.across * d.pitch + i % d.across * 4;
  const auto channels = static_cast<std::size_t>(d.tiles) * 8;
  d.shared_bytes = static_cast<std::size_t>(d.steps * d.tiles) * 256 + 2 * channels * sizeof(float) +
                   kFrontTable * sizeof(std::uint32_t) + static_cast<std::size_t>(d.pitch * d.patch_rows) * 8;
  return d;
}

std::size_t front_filter_elements(const FrontShape& d, DType dtype) {
  const int blocks = (d.conv.k + d.tiles * 8 - 1) / (d.tiles * 8);
  return static_cast<std::size_t>(blocks * d.steps * d.tiles) * 256 / size_of(dtype);
}

std::size_t front_place(const FrontShape& d, DType dtype, int k, int r, int s, int c) {
  const int run = 2 * d.tiles, block = k / (d.tiles * 8), within = k % (d.tiles * 8), tap = s + d.phase;
  const bool whole = size_of(dtype) == 1;
  const int n = within % run / 2 * 8 + within / run * 2 + within % 2;
  const int t = whole ? tap / 2 : tap % 4, step = r * d.across + (whole ? 0 : tap / 4);
  const int slice = (block * d.steps + step) * 2 + (whole ? tap % 2 : c / 2), size = static_cast<int>(size_of(dtype));
  const int byte = (slice * d.tiles * 8 + n) * 16 + t * 4 + c * size % 4;
  return static_cast<std::size_t>(byte / size);
}

void launch_front(const std::uint8_t* x, const std::uint32_t* table, const void* filter, void* y, DType dtype,
                  const FrontShape& d, const Epilogue& e, cudaStream_t stream) {
  const int slices = (d.conv.k + d.tiles * 8 - 1) / (d.tiles * 8), groups = (d.p + d.rows - 1) / d.rows;
  const dim3 grid(resident_blocks(static_cast<std::int64_t>(d.conv.n) * groups, 1, kPerMultiprocessor, slices),
                  static_cast<unsigned>(slices));
  const auto launch = [&]<typename T>(T* to, auto* kernel) {
    cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(kMostFrontBytes));
    kernel<<<grid, kThreads, d.shared_bytes, stream>>>(x, table, static_cast<const T*>(filter), to, d, e);
  };
  const auto chunked = [&]<typename T, int kTiles>(T* to, std::integral_constant<int, kTiles>) {
    if (d.chunk == 3) return launch(to, d.pooled ? front<T, kTiles, 3, true> : front<T, kTiles, 3, false>);
    launch(to, d.pooled ? front<T, kTiles, 7, true> : front<T, kTiles, 7, false>);
  };
  const auto typed = [&]<typename T>(T* to) {
    if (d.tiles == 4) return chunked(to, std::integral_constant<int, 4>());
    chunked(to, std::integral_constant<int, 8>());
  };
  if (dtype == DType::kS8) return typed(static_cast<std::int8_t*>(y));
  if (dtype == DType::kBF16) return typed(static_cast<__nv_bfloat16*>(y));
  typed(static_cast<__half*>(y));
}

}  // namespace fovea::cuda
