#pragma once

#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstdint>

namespace fovea::cuda {

/// Blocks for so many items, one per thread (or per `each` of them), as a grid's size.
constexpr unsigned blocks_for(std::int64_t items, std::int64_t each) {
  return static_cast<unsigned>((items + each - 1) / each);
}

/// Blocks that walk over all items, `each` at once: as many as run at the same time, `per_multiprocessor` of them
/// beside those of the other `slices`, or fewer where there is less to do.
inline unsigned resident_blocks(std::int64_t items, std::int64_t each, int per_multiprocessor, int slices) {
  int device = 0, multiprocessors = 0;
  cudaGetDevice(&device);
  cudaDeviceGetAttribute(&multiprocessors, cudaDevAttrMultiProcessorCount, device);
  return std::min(blocks_for(items, each),
                  static_cast<unsigned>(std::max(per_multiprocessor * multiprocessors / slices, 1)));
}

}  // namespace fovea::cuda
