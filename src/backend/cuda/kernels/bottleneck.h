#pragma once

#include "backend/cuda/kernels/convolution.h"

namespace fovea::cuda {

/// A bottleneck block of 64 channels in the middle as one kernel: 1 × 1 → 3 × 3 → 1 × 1, to which x is added, or which
/// is added to 1 × 1 of x where `project`; stride 1 throughout. A block keeps all filters; it makes some rows at once:
/// the first convolution's rows and one more on each side lie in shared memory with a column of zeros between them, so
/// that each of the nine taps is the same memory begun elsewhere; the second's results are the third's operands as they
/// are, in registers.
struct BottleneckShape {
  int n, h, w;
  int depth;  ///< channels in: 256, or 64 with `project`
  int k;      ///< channels out: a multiple of 64; depth where nothing projects
  bool project;
  int rows;     ///< of y by block at once
  int plane;    ///< pixels in shared memory, with those between rows
  int buffers;  ///< 2: the next rows are begun while others finish theirs
  std::size_t shared_bytes;
};
inline constexpr int kBottleneckMiddle = 64;
inline constexpr std::size_t kMostBottleneckBytes = 227 << 10;
/// dtype: s8, f16 or bf16 of everything.
BottleneckShape bottleneck_shape(BottleneckShape shape, DType dtype);

/// Where filters lie, in elements from where those of all four begin: first, window, last, projection.
std::size_t bottleneck_filter_elements(const BottleneckShape& shape);
std::size_t bottleneck_first_place(const BottleneckShape& shape, DType dtype, int k, int c);
std::size_t bottleneck_window_place(const BottleneckShape& shape, DType dtype, int k, int tap, int c);
std::size_t bottleneck_last_place(const BottleneckShape& shape, DType dtype, int k, int c);
std::size_t bottleneck_project_place(const BottleneckShape& shape, DType dtype, int k, int c);

struct BottleneckEpilogues {
  Epilogue first, window, last, project;
};
/// x and y: n h w c. s8: as launch_pointwise.
void launch_bottleneck(const void* x, const void* filters, void* y, DType dtype, const BottleneckShape& shape,
                       const BottleneckEpilogues& epilogues, cudaStream_t stream);

}  // namespace fovea::cuda
