#pragma once

#include <cstdint>

#include "graph/activation.h"
#include "tensor/dtype.h"

namespace fovea::cuda {

/// How a stored element stands for a real number: (q − zero) · scale; floats have 1 and 0.
struct Number {
  DType dtype = DType::kF32;
  float scale = 1, zero = 0;
};

constexpr bool is_number(DType dtype) {
  return dtype == DType::kF32 || dtype == DType::kF16 || dtype == DType::kBF16 || dtype == DType::kS8 ||
         dtype == DType::kU8;
}

}  // namespace fovea::cuda
