#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

namespace fovea::cuda {

/// Which source positions an output position reads, and where its weights begin (image/resize.h).
struct DeviceTap {
  int first, count, weights;
};

/// One photo's way to its pixels; addresses are the device's.
struct ResizeJob {
  const std::uint8_t* photo;  ///< RGB, `pitch` bytes from row to row
  std::uint8_t* narrowed;     ///< rows × width × 3, between the passes
  std::uint8_t* pixels;       ///< the output's first byte
  const DeviceTap *across, *down;
  const std::int32_t *across_weights, *down_weights;
  int pitch, first_row, rows;    ///< rows of the photo that are read
  int width, height, left, top;  ///< the window and where it lands
};

/// What all photos of a batch share.
struct ResizeOutput {
  int width, height, channels;
  bool swap;  ///< blue first
  std::uint8_t fill[3];
};

/// resize() of image/resize.h with the same numbers, then colour order and border. `most_rows`: of all jobs.
void launch_resize(const ResizeJob* jobs, int count, int most_rows, const ResizeOutput& output, cudaStream_t stream);

}  // namespace fovea::cuda
