#pragma once

#include <cstdint>

#include "graph/activation.h"
#include "tensor/dtype.h"

namespace fovea::cuda {

/// How a stored element stands for a real number: (q − zero) · scale; f32, f16 and bf16 have 1 and 0, f8 no zero.
struct Number {
  DType dtype = DType::kF32;
  float scale = 1, zero = 0;
};

constexpr bool is_number(DType dtype) {
  return dtype == DType::kF32 || dtype == DType::kF16 || dtype == DType::kBF16 || is_scaled8(dtype);
}

}  // namespace fovea::cuda
