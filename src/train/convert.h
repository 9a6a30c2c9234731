#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <span>

#include "image/preprocess.h"
#include "tensor/tensor.h"

// Internal: Fovea's arrays ↔ LibTorch's.
namespace fovea::train {

at::ScalarType torch_type(DType dtype);       ///< kUnsupported
at::Tensor to_torch(const Tensor& tensor);    ///< a copy on the CPU
Tensor from_torch(const at::Tensor& tensor);  ///< a dense row-major copy, from any device and memory format

struct Normalization {
  float scale;
  std::array<float, 3> mean, std;
};

/// u8 pixels [n,h,w,c] → f32 [n,c,h,w] in channels-last memory: (pixel · scale − mean[c]) / std[c].
at::Tensor normalized(const at::Tensor& pixels, const Normalization& normalization);

/// Somebody's pixels as a tensor [n,h,w,c]; not copied.
at::Tensor pixel_view(std::span<const std::uint8_t> pixels, std::int64_t n, const PreprocessSpec& spec);

}  // namespace fovea::train
