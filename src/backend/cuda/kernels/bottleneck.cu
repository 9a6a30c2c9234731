#include "backend/cuda/kernels/bottleneck.h"

#include "backend/cuda/kernels/dealt.cuh"
#include "backend/cuda/kernels/launch.h"
#include "backend/cuda/kernels/warpgroup.cuh"

namespace fovea::cuda {
namespace {

constexpr int kMiddle = kBottleneckMiddle, kGroups = 4, kThreads = kGroups * 128, kTile = 64, kTaps = 9;
constexpr int kSlice = kMiddle * 16;  ///< bytes of a slice of 64 filters
constexpr int kHalo = 2;

template <typename T>
constexpr int kSlices = kMiddle * static_cast<int>(sizeof(T)) / 16;  ///< of 64 channels
template <typename T>
constexpr int kRuns = sizeof(T) == 1 ? 1 : 2;  ///< of 16 bytes that a lane has of 64 channels
template <typename T>
using Run = uint4[kRuns<T>][2];  ///< of pixels eight apart

/// A block's shared memory, in this order.
template <typename T>
struct Parts {
  unsigned char *first, *window, *last, *project;
  float *first_biases, *window_biases, *last_biases, *project_biases;
  unsigned char* planes;
  int plane_bytes, buffer_bytes;
  __device__ Parts(unsigned char* memory, const BottleneckShape& d) {
    first = memory;
    window = first + d.depth * static_cast<int>(sizeof(T)) * kMiddle;
    last = window + kTaps * kSlices<T> * kSlice;
    project = last + d.k / kMiddle * kSlices<T> * kSlice;
    first_biases = reinterpret_cast<float*>(project + (d.project ? d.k * d.depth * static_cast<int>(sizeof(T)) : 0));
    window_biases = first_biases + 2 * kMiddle;
    last_biases = window_biases + 2 * kMiddle;
    project_biases = last_biases + 2 * d.k;
    planes = reinterpret_cast<unsigned char*>(project_biases + (d.project ? 2 * d.k : 0));
    plane_bytes = d.plane * 16;
    buffer_bytes = plane_bytes * kSlices<T>;
  }
};

/// What becomes of 64 channels' sums, as it lies in memory and as the next product takes it.
template <typename T>
__device__ __forceinline__ void finish_group(const typename Deal<T>::Sum (&sums)[8][4], const float* biases, int slice,
                                             int t, const Run<T>& added, const Epilogue& e, Run<T>& made) {
  constexpr int kTiles = Deal<T>::kTiles;
#pragma unroll
  for (int run = 0; run < kRuns<T>; ++run) {
    typename Deal<T>::Sum part[1][kTiles][4];
#pragma unroll
    for (int i = 0; i < kTiles * 4; ++i) part[0][i / 4][i % 4] = sums[run * kTiles + i / 4][i % 4];
    const uint4 more[1][2] = {{added[run][0], added[run][1]}};
    uint4 done[1][2];
    finish<T, 1>(part, biases + run * Deal<T>::kGroup, slice, t, more, e, done);
    made[run][0] = done[0][0], made[run][1] = done[0][1];
  }
}

/// sums (+)= a · 64 filters, which begin `from` bytes behind; a: 64 bytes of channels of a lane's two pixels.
template <typename T>
__device__ __forceinline__ void multiply_run(typename Deal<T>::Sum (&sums)[8][4], const uint4& up, const uint4& down,
                                             const Described& filters, std::uint32_t from, bool keep) {
  const std::uint32_t one[4] = {up.x, down.x, up.y, down.y}, two[4] = {up.z, down.z, up.w, down.w};
  multiply_group<T>(sums, one, filters.at(from), keep);
  multiply_group<T>(sums, two, filters.at(from + 2 * kSlice), true);
}

template <typename T>
struct Work {
  const T* x;
  T* y;
  int image, first;  ///< row of y
  int group, lane, g, t;
};

/// Where a lane's part of a pixel's channels begins.
template <typename T>
__device__ __forceinline__ const T* pixel_of(const Work<T>& at, const BottleneckShape& d, int row, int column) {
  return at.x + ((static_cast<std::int64_t>(at.image) * d.h + row) * d.w + column) * d.depth + at.t * Deal<T>::kEach;
}

/// Runs of 16 bytes of a lane's two pixels.
template <typename T, int kCount>
__device__ __forceinline__ void load_runs(const T* const (&from)[2], int channel, uint4 (&runs)[kCount][2]) {
#pragma unroll
  for (int i = 0; i < 2 * kCount; ++i)
    runs[i / 2][i % 2] = *reinterpret_cast<const uint4*>(from[i % 2] + channel + i / 2 * Deal<T>::kGroup);
}

/// The first convolution over rows first − 1 to first + rows, into the planes.
template <typename T, int kDepth>
__device__ __forceinline__ void make_planes(const Work<T>& at, const Parts<T>& parts, unsigned char* planes,
                                            const BottleneckShape& d, const Epilogue& e) {
  constexpr int kPieces = kDepth / Deal<T>::kGroup, kChunk = kPieces < 4 ? kPieces : 4;
  const Described filters(parts.first, kSlice);
  const int pixels = (d.rows + kHalo) * d.w, warp = static_cast<int>(threadIdx.x) / 32 % 4;
  for (int tile = at.group * kTile; tile < pixels; tile += kGroups * kTile) {
    int place[2];
    const T* from[2];
    bool inside[2];
#pragma unroll
    for (int h = 0; h < 2; ++h) {
      const int pixel = tile + warp * kUnit + h * 8 + at.g, row = pixel / d.w, column = pixel - row * d.w;
      const int image_row = at.first - 1 + row;
      inside[h] = pixel < pixels && image_row >= 0 && image_row < d.h;
      place[h] = pixel < pixels ? row * (d.w + 1) + column + 1 : -1;
      from[h] = pixel_of(at, d, inside[h] ? image_row : at.first, inside[h] ? column : 0);
    }
    typename Deal<T>::Sum sums[8][4];
#pragma unroll
    for (int chunk = 0; chunk < kPieces; chunk += kChunk) {
      uint4 a[kChunk][2];
      load_runs(from, chunk * Deal<T>::kGroup, a);
      begin_products();
#pragma unroll
      for (int i = 0; i < kChunk; ++i)
        multiply_run<T>(sums, a[i][0], a[i][1], filters, (chunk + i) * 4 * kSlice, chunk + i > 0);
      await_products();
    }
    const Run<T> none = {};
    Run<T> made;
    finish_group<T>(sums, parts.first_biases, kMiddle, at.t, none, e, made);
#pragma unroll
    for (int run = 0; run < kRuns<T>; ++run)
#pragma unroll
      for (int h = 0; h < 2; ++h)
        if (place[h] >= 0)
          *reinterpret_cast<uint4*>(planes + (run * 4 + at.t) * parts.plane_bytes + place[h] * 16) =
              inside[h] ? made[run][h] : make_uint4(0, 0, 0, 0);
  }
}

/// Nine taps over 64 neighbours, those between rows too.
template <typename T>
__device__ __forceinline__ void sum_window(typename Deal<T>::Sum (&sums)[8][4], const Parts<T>& parts,
                                           const unsigned char* planes, int tile, int pitch) {
  const Described from(planes + tile * 16, parts.plane_bytes), filters(parts.window, kSlice);
  begin_products();
#pragma unroll
  for (int tap = 0; tap < kTaps; ++tap)
#pragma unroll
    for (int two = 0; two < kSlices<T>; two += 2)
      multiply_group<T>(sums, from.at(two * parts.plane_bytes + (tap / 3 * pitch + tap % 3) * 16),
                        filters.at((tap * kSlices<T> + two) * kSlice), tap + two > 0);
  await_products();
}

/// Where a lane's two pixels of a tile begin in x and in y; null: it has none.
template <typename T>
__device__ __forceinline__ void find_pixels(const Work<T>& at, const BottleneckShape& d, int tile, const T* (&from)[2],
                                            T* (&to)[2]) {
  const int pitch = d.w + 1, warp = static_cast<int>(threadIdx.x) / 32 % 4;
#pragma unroll
  for (int h = 0; h < 2; ++h) {
    const int pixel = tile + warp * kUnit + h * 8 + at.g, row = pixel / pitch, column = pixel - row * pitch;
    const bool inside = row < d.rows && at.first + row < d.h && column < d.w;
    from[h] = pixel_of(at, d, inside ? at.first + row : at.first, inside ? column : 0);
    const std::int64_t line = static_cast<std::int64_t>(at.image) * d.h + at.first + row;
    to[h] = inside ? at.y + (line * d.w + column) * d.k + at.t * Deal<T>::kEach : nullptr;
  }
}

/// y of the rows: window, last convolution, what is added.
template <typename T, int kDepth, bool kProject>
__device__ __forceinline__ void make_rows(const Work<T>& at, const Parts<T>& parts, const unsigned char* planes,
                                          const BottleneckShape& d, const BottleneckEpilogues& e) {
  constexpr int kPieces = kDepth / Deal<T>::kGroup;
  const int pitch = d.w + 1;
  const Described expansion(parts.last, kSlice), projection(parts.project, kSlice);
  for (int tile = at.group * kTile; tile < d.rows * pitch; tile += kGroups * kTile) {
    typename Deal<T>::Sum sums[8][4];
    const T* from[2];
    T* to[2];
    find_pixels(at, d, tile, from, to);
    uint4 own[kProject ? kPieces : 1][2];
    Run<T> next;
    if constexpr (kProject)
      load_runs(from, 0, own);
    else
      load_runs(from, 0, next);
    sum_window<T>(sums, parts, planes, tile, pitch);
    const Run<T> none = {};
    Run<T> middle;
    finish_group<T>(sums, parts.window_biases, kMiddle, at.t, none, e.window, middle);
#pragma unroll 1
    for (int channel = 0; channel < d.k; channel += kMiddle) {
      Run<T> added, made;
      const auto multiply_last = [&] {
        begin_products();
#pragma unroll
        for (int i = 0; i < kRuns<T>; ++i)
          multiply_run<T>(sums, middle[i][0], middle[i][1], expansion,
                          (channel / kMiddle * kRuns<T> + i) * 4 * kSlice, i > 0);
        await_products();
      };
      if constexpr (kProject) {  // what is added first has an epilogue of its own
        multiply_last();
        finish_group<T>(sums, parts.last_biases + channel, d.k, at.t, none, e.last, added);
        begin_products();
#pragma unroll
        for (int i = 0; i < kPieces; ++i)
          multiply_run<T>(sums, own[i][0], own[i][1], projection, (channel / kMiddle * kPieces + i) * 4 * kSlice, i > 0);
        await_products();
        finish_group<T>(sums, parts.project_biases + channel, d.k, at.t, added, e.project, made);
      } else {
#pragma unroll
        for (int i = 0; i < 2 * kRuns<T>; ++i) added[i / 2][i % 2] = next[i / 2][i % 2];
        if (channel + kMiddle < d.k) load_runs(from, channel + kMiddle, next);
        multiply_last();
        finish_group<T>(sums, parts.last_biases + channel, d.k, at.t, added, e.last, made);
      }
#pragma unroll
      for (int i = 0; i < 2 * kRuns<T>; ++i)
        if (to[i % 2] != nullptr)
          *reinterpret_cast<uint4*>(to[i % 2] + channel + i / 2 * Deal<T>::kGroup) = made[i / 2][i % 2];
    }
  }
}

template <typename T>
__device__ void keep_constants(const T* filters, const Parts<T>& parts, const BottleneckShape& d,
                               const BottleneckEpilogues& e) {
  const auto* from = reinterpret_cast<const uint4*>(filters);
  auto* to = reinterpret_cast<uint4*>(parts.first);
  const int vectors = static_cast<int>(reinterpret_cast<unsigned char*>(parts.first_biases) - parts.first) / 16;
  for (int i = threadIdx.x; i < vectors; i += kThreads) to[i] = from[i];
  for (int i = threadIdx.x; i < kMiddle; i += kThreads) {
    keep_channel<T>(parts.first_biases, kMiddle, i, e.first, i);
    keep_channel<T>(parts.window_biases, kMiddle, i, e.window, i);
  }
  for (int i = threadIdx.x; i < d.k; i += kThreads) {
    keep_channel<T>(parts.last_biases, d.k, i, e.last, i);
    if (d.project) keep_channel<T>(parts.project_biases, d.k, i, e.project, i);
  }
  auto* planes = reinterpret_cast<uint4*>(parts.planes);
  for (int i = threadIdx.x; i < d.buffers * parts.buffer_bytes / 16; i += kThreads) planes[i] = make_uint4(0, 0, 0, 0);
}

template <typename T, int kDepth, bool kProject>
__global__ void __launch_bounds__(kThreads, 1)
    bottleneck(const T* x, const T* filters, T* y, const __grid_constant__ BottleneckShape d,
               const __grid_constant__ BottleneckEpilogues e) {
  extern __shared__ __align__(128) unsigned char memory[];
  const Parts<T> parts(memory, d);
  keep_constants<T>(filters, parts, d, e);
  publish_shared();
  __syncthreads();
  const int bands = (d.h + d.rows - 1) / d.rows, items = d.n * bands;
  Work<T> at{x, y, 0, 0, static_cast<int>(threadIdx.x) / 128, static_cast<int>(threadIdx.x) % 32, 0, 0};
  at.g = at.lane / kTogether, at.t = at.lane % kTogether;
  unsigned char* planes = parts.planes;
  for (int item = blockIdx.x; item < items; item += gridDim.x) {
    at.image = item / bands, at.first = (item - at.image * bands) * d.rows;
    make_planes<T, kDepth>(at, parts, planes, d, e.first);
    publish_shared();
    __syncthreads();
    make_rows<T, kDepth, kProject>(at, parts, planes, d, e);
    if (d.buffers == 1)
      __syncthreads();
    else
      planes = parts.planes + (planes == parts.planes ? parts.buffer_bytes : 0);
  }
}

/// Rows of filters (n) as lanes have their results, and bytes of depth as lanes have their operands.
int dealt_row(DType dtype, int channel) {
  const int each = 16 / static_cast<int>(size_of(dtype)), group = kTogether * each, tiles = each / 2;
  const int within = channel % group;
  return (channel / group * tiles + within % each / 2) * 8 + within / each * 2 + within % 2;
}

std::size_t dealt_place(DType dtype, int k, int c, int depth) {
  const int size = static_cast<int>(size_of(dtype)), byte = c * size, within = byte % 64;
  const int slice = k / kMiddle * (depth * size / 16) + byte / 64 * 4 + within % 16 / 4;
  const int place = (slice * kMiddle + dealt_row(dtype, k % kMiddle)) * 16 + within / 16 * 4 + within % 4;
  return static_cast<std::size_t>(place / size);
}

std::size_t area(int k, int c, int taps) { return static_cast<std::size_t>(k) * static_cast<std::size_t>(c * taps); }

}  // namespace

BottleneckShape bottleneck_shape(BottleneckShape d, DType dtype) {
  const int pitch = d.w + 1, tiles = (d.rows * pitch + kTile - 1) / kTile;
  const int needed = std::max(tiles * kTile + 2 * pitch + 2, (d.rows + kHalo) * pitch + 1);
  d.plane = (needed + 5) / 8 * 8 + 2;  // lanes that write neighbours in four planes meet no bank twice
  const std::size_t size = size_of(dtype), floats = 2 * static_cast<std::size_t>(2 * kMiddle + d.k * (d.project ? 2 : 1));
  const std::size_t planes = static_cast<std::size_t>(d.plane) * kMiddle * size;
  const std::size_t constants = bottleneck_filter_elements(d) * size + floats * sizeof(float);
  d.buffers = constants + 2 * planes <= kMostBottleneckBytes ? 2 : 1;
  d.shared_bytes = constants + static_cast<std::size_t>(d.buffers) * planes;
  return d;
}

std::size_t bottleneck_filter_elements(const BottleneckShape& d) {
  return area(kMiddle, d.depth, 1) + area(kMiddle, kMiddle, kTaps) + area(d.k, kMiddle, 1) +
         (d.project ? area(d.k, d.depth, 1) : 0);
}

std::size_t bottleneck_first_place(const BottleneckShape& d, DType dtype, int k, int c) {
  return dealt_place(dtype, k, c, d.depth);
}

std::size_t bottleneck_window_place(const BottleneckShape& d, DType dtype, int k, int tap, int c) {
  const int size = static_cast<int>(size_of(dtype)), slices = kMiddle * size / 16;
  const int place = ((tap * slices + c * size / 16) * kMiddle + dealt_row(dtype, k)) * 16 + c * size % 16;
  return area(kMiddle, d.depth, 1) + static_cast<std::size_t>(place / size);
}

std::size_t bottleneck_last_place(const BottleneckShape& d, DType dtype, int k, int c) {
  return area(kMiddle, d.depth, 1) + area(kMiddle, kMiddle, kTaps) + dealt_place(dtype, k, c, kMiddle);
}

std::size_t bottleneck_project_place(const BottleneckShape& d, DType dtype, int k, int c) {
  return area(kMiddle, d.depth, 1) + area(kMiddle, kMiddle, kTaps) + area(d.k, kMiddle, 1) +
         dealt_place(dtype, k, c, d.depth);
}

void launch_bottleneck(const void* x, const void* filters, void* y, DType dtype, const BottleneckShape& d,
                       const BottleneckEpilogues& e, cudaStream_t stream) {
  const unsigned grid = resident_blocks(static_cast<std::int64_t>(d.n) * ((d.h + d.rows - 1) / d.rows), 1, 1, 1);
  const auto launch = [&]<typename T>(const T* from, auto* kernel) {
    cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(kMostBottleneckBytes));
    kernel<<<grid, kThreads, d.shared_bytes, stream>>>(from, static_cast<const T*>(filters), static_cast<T*>(y), d, e);
  };
  const auto typed = [&]<typename T>(const T* from) {
    launch(from, d.project ? bottleneck<T, 64, true> : bottleneck<T, 256, false>);
  };
  if (dtype == DType::kS8) return typed(static_cast<const std::int8_t*>(x));
  if (dtype == DType::kBF16) return typed(static_cast<const __nv_bfloat16*>(x));
  typed(static_cast<const __half*>(x));
}

}  // namespace fovea::cuda
