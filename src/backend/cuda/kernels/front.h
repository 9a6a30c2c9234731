#pragma once

#include "backend/cuda/kernels/convolution.h"

namespace fovea::cuda {

inline constexpr int kMostFrontSteps = 28;  ///< of the tensor cores

/// The front of a network in one kernel: u8 pixels n h w c → numbers by a table → convolution of stride 2 → max pooling
/// of 3 × 3, stride 2 and one row and column in front, where `pooled`. A block keeps the filters and some rows of the
/// image, four channels a pixel, in shared memory, where a lane takes 8 bytes at once (one pixel, in 8 bits two) as the
/// tensor cores' operand. Sums are compared before they are rounded: rounding and bounds keep their order.
struct FrontShape {
  ConvShape conv;
  bool pooled;
  int p, q;                      ///< of the result
  int rows;                      ///< of the result that a block makes at once
  int tiles;                     ///< of 8 channels that a block makes: 4 or 8
  int strips;                    ///< of 16 columns of the convolution; pooled: of 7 of the result
  int pixels;                    ///< in 8 bytes
  int lead, phase;               ///< columns in front of the padding, and how many of those the filters begin earlier
  int across, steps, chunk;      ///< of the tensor cores: by row of the filters, in all, and begun at once
  int pitch, patch_rows;         ///< of the image's part, in 8 bytes
  std::size_t shared_bytes;      ///< of a block
  int offsets[kMostFrontSteps];  ///< of each step in the image's part
};
/// dtype: s8, f16 or bf16, of everything but the pixels.
FrontShape front_shape(const ConvShape& conv, DType dtype, int rows, bool pooled, int p, int q);
inline constexpr std::size_t kMostFrontBytes = 110 << 10;
inline constexpr int kFrontTaps = 8;  ///< of a filter's row, with its phase

std::size_t front_filter_elements(const FrontShape& shape, DType dtype);
std::size_t front_place(const FrontShape& shape, DType dtype, int k, int r, int s, int c);

/// What a pixel's channel becomes, by channel and value, in its place among the 8 (in 8 bits 4) bytes of a pixel.
inline constexpr std::size_t kFrontTable = 3 * 256;

/// y[n, p, q, k]; s8: bias and scale in steps of y; activations that are bounds.
void launch_front(const std::uint8_t* x, const std::uint32_t* table, const void* filter, void* y, DType dtype,
                  const FrontShape& shape, const Epilogue& epilogue, cudaStream_t stream);

}  // namespace fovea::cuda
