#include "backend/cuda/kernels/launch.h"
#include "backend/cuda/kernels/resize.h"

namespace fovea::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int kBits = 22;  // image/resize.h's kWeightBits

__device__ int to_pixel(int sum) { return min(max((sum + (1 << (kBits - 1))) >> kBits, 0), 255); }

/// A thread makes one pixel of a row that the second pass reads.
__global__ void narrow(const ResizeJob* jobs) {
  const ResizeJob job = jobs[blockIdx.y];
  const int i = static_cast<int>(blockIdx.x * kThreads + threadIdx.x);
  if (i >= job.rows * job.width) return;
  const int y = i / job.width, x = i % job.width;
  const DeviceTap tap = job.across[x];
  const int* weight = job.across_weights + tap.weights;
  const std::uint8_t* from = job.photo + static_cast<std::int64_t>(job.first_row + y) * job.pitch + tap.first * 3;
  int r = 0, g = 0, b = 0;
  for (int k = 0; k < tap.count; ++k, from += 3) {
    r += weight[k] * from[0];
    g += weight[k] * from[1];
    b += weight[k] * from[2];
  }
  std::uint8_t* to = job.narrowed + static_cast<std::int64_t>(i) * 3;
  to[0] = static_cast<std::uint8_t>(to_pixel(r));
  to[1] = static_cast<std::uint8_t>(to_pixel(g));
  to[2] = static_cast<std::uint8_t>(to_pixel(b));
}

/// A thread makes one pixel of the output, or of its border.
__global__ void shorten(const ResizeJob* jobs, ResizeOutput output) {
  const ResizeJob job = jobs[blockIdx.y];
  const int i = static_cast<int>(blockIdx.x * kThreads + threadIdx.x);
  if (i >= output.width * output.height) return;
  const int y = i / output.width - job.top, x = i % output.width - job.left;
  int r = output.fill[0], g = output.fill[1], b = output.fill[2];
  if (x >= 0 && x < job.width && y >= 0 && y < job.height) {
    const DeviceTap tap = job.down[y];
    const std::uint8_t* from =
        job.narrowed + (static_cast<std::int64_t>(tap.first - job.first_row) * job.width + x) * 3;
    r = g = b = 0;
    for (int k = 0; k < tap.count; ++k, from += static_cast<std::int64_t>(job.width) * 3) {
      const int weight = job.down_weights[tap.weights + k];
      r += weight * from[0];
      g += weight * from[1];
      b += weight * from[2];
    }
    r = to_pixel(r);
    g = to_pixel(g);
    b = to_pixel(b);
  }
  std::uint8_t* to = job.pixels + static_cast<std::int64_t>(i) * output.channels;
  if (output.channels == 1) {
    to[0] = static_cast<std::uint8_t>((r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16);
    return;
  }
  to[0] = static_cast<std::uint8_t>(output.swap ? b : r);
  to[1] = static_cast<std::uint8_t>(g);
  to[2] = static_cast<std::uint8_t>(output.swap ? r : b);
}

}  // namespace

void launch_resize(const ResizeJob* jobs, int count, int most_rows, const ResizeOutput& output, cudaStream_t stream) {
  const auto photos = static_cast<unsigned>(count);
  narrow<<<{blocks_for(std::int64_t{most_rows} * output.width, kThreads), photos}, kThreads, 0, stream>>>(jobs);
  shorten<<<{blocks_for(std::int64_t{output.height} * output.width, kThreads), photos}, kThreads, 0, stream>>>(jobs,
                                                                                                               output);
}

}  // namespace fovea::cuda
