#pragma once

#include <cuda_runtime_api.h>

#include "backend/cuda/kernels/number.h"

namespace fovea::cuda {

/// A convolution over images n h w c, filter k r s c (c of one group). Padding in front only: what lies behind follows
/// from p and q. y = act(sum · scale[k] + bias[k] + residual); of 8-bit images and filters the sums are of the
/// integers.
struct ConvShape {
  int n, h, w, c, k, r, s, p, q, groups;
  int stride_h, stride_w, top, left, dilation_h, dilation_w;
};
/// What an epilogue is in steps of an s8 y whose activation is a bound: bias and scale are divided by y's step then.
struct Steps {
  float residual;    ///< steps of y in one of the residual
  float low, range;  ///< what y keeps to: whole numbers from low to low + range
};
struct Epilogue {
  const float* bias;     ///< null: none
  const float* scale;    ///< null: 1
  const void* residual;  ///< null: none; as y
  Number residual_type, y_type;
  Activation act;
  Steps steps;  ///< for launch_pointwise in s8 and launch_window
};

/// Filters of launch_gather are padded with zeros: [groups][padded_rows][padded_depth] of r s c.
inline constexpr int kGatherRows = 64, kGatherDepth = 32;
constexpr int padded(int value, int to) { return (value + to - 1) / to * to; }

/// Implicit matrix product with gathered rows, for any shape: tensor cores for f16, bf16 and 8 bits, multipliers for
/// f32. 8-bit images (f8 too; x_type's scale does not count) go with filters of what is stored in f16.
void launch_gather(const void* x, Number x_type, const void* filter, void* y, const ConvShape& shape,
                   const Epilogue& epilogue, cudaStream_t stream);

/// One filter per channel (groups = c = k), filter r s c in f32, channels a multiple of 8.
void launch_depthwise(const void* x, Number x_type, const float* filter, void* y, const ConvShape& shape,
                      const Epilogue& epilogue, cudaStream_t stream);

/// The same for square windows with a kernel of their own (strips_take), everything in one type (f16, bf16, s8): a
/// thread makes four neighbours in `rows` rows. Filters of s8 are whole numbers, with a scale per channel.
bool strips_take(const ConvShape& conv);
void launch_strips(const void* x, Number x_type, const float* filter, void* y, const ConvShape& shape,
                   const Epilogue& epilogue, int rows, cudaStream_t stream);

/// y[m, n] = act(x[m, k] · filter[n, k] · scale[n] + bias[n]) for few rows; k a multiple of 8. Filters are of x's type,
/// s8 for 8 bits.
void launch_rows(const void* x, const void* filter, void* y, Number type, int m, int n, int k, const Epilogue& epilogue,
                 cudaStream_t stream);

/// The first convolution of a network: few channels, so that a filter's row is one run of memory. A block keeps rows of
/// the image and all filters in shared memory; tensor cores read the image's rows in place, as pairs of elements.
struct StemShape {
  static constexpr int kMostEights = 64;
  ConvShape conv;
  int rows;                  ///< of the output, by block
  int channels;              ///< of a pixel in shared memory: one more where pairs would lie across words
  int phase;                 ///< elements (with weight 0) in front of a filter row's first, so that pairs start even
  int eights;                ///< runs of 8 elements that a filter's row takes
  int steps;                 ///< of 16 elements
  int lead, pitch;           ///< elements in front of an image's row, and from row to row
  int tiles;                 ///< of 8 channels that a block makes: 4 or 8
  std::size_t shared_bytes;  ///< of a block
  int offsets[kMostEights];  ///< of each run of 8 from the place of the filter's first
};
StemShape stem_shape(const ConvShape& conv, int rows);
inline constexpr std::size_t kMostStemBytes = 100 << 10;

/// Where filter k r s c lies among [blocks of tiles][step][pair of tiles][lane][8]: as the tensor cores' operand.
std::size_t stem_filter_elements(const StemShape& shape);
std::size_t stem_place(const StemShape& shape, int k, int r, int s, int c);

/// x: f16, bf16 or 8 bits (f8 too; x_type's scale does not count); filter in bf16 for bf16, else f16. Channels of y: a
/// multiple of 8; no residual.
void launch_stem(const void* x, Number x_type, const void* filter, void* y, const StemShape& shape,
                 const Epilogue& epilogue, cudaStream_t stream);

/// A convolution of 1 × 1 whose time is its images' way through memory: few channels in (up to 256, s8 512; in and out
/// multiples of 8), no groups, no padding. Filters are padded with zeros to pointwise_channels × pointwise_depth. A
/// block keeps the filters of `slice` channels; pixels go from memory to the tensor cores as
/// they lie there, since channels are dealt to lanes in runs of 16 bytes (`pointwise_place`).
struct PointwiseShape {
  ConvShape conv;
  int slice;  ///< channels of y by block: divides pointwise_channels, a multiple of pointwise_chunk
  std::size_t shared_bytes;
};
/// dtype: f16, bf16 or s8, of x, the filter, y and the residual.
PointwiseShape pointwise_shape(const ConvShape& conv, int slice, DType dtype);
int pointwise_chunk(DType dtype);                            ///< channels of y come in multiples of it
int pointwise_depth(const ConvShape& conv, DType dtype);     ///< channels in with what is padded; 0: too many
int pointwise_channels(const ConvShape& conv, DType dtype);  ///< channels out with what is padded
inline constexpr std::size_t kMostPointwiseBytes = 100 << 10;
std::size_t pointwise_place(const ConvShape& conv, DType dtype, int k, int c);

/// s8: everything around 0, activations that are bounds, bias and scale in steps of y.
void launch_pointwise(const void* x, const void* filter, void* y, DType dtype, const PointwiseShape& shape,
                      const Epilogue& epilogue, cudaStream_t stream);

/// A window of 3 × 3 over 64 channels in 8 bits, for images whose filters fit a block: as launch_pointwise, a block
/// keeps the filters of 64 channels (`window_place`), every pixel comes nine times out of the nearest cache.
std::size_t window_place(const ConvShape& conv, int k, int tap, int c);
void launch_window(const void* x, const void* filter, void* y, const ConvShape& shape, const Epilogue& epilogue,
                   cudaStream_t stream);

/// y[m, n] = act(x[m, k] · filter[n, k] · scale[n] + bias[n]) for many rows; f16, bf16 or s8 (around 0), k a multiple
/// of 64 bytes. A block's warps share the depth.
void launch_product(const void* x, const void* filter, void* y, DType type, int m, int n, int k,
                    const Epilogue& epilogue, cudaStream_t stream);

}  // namespace fovea::cuda
