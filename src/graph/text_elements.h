#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tensor/tensor.h"

namespace fovea {

/// Elements of a constant as the text form writes them, "0.5, -1, nan"; every bit comes back (a NaN with unusual bits
/// is written as 0x…).
std::string elements_text(const Tensor& tensor);
/// kCorruptFile where one is no number of that dtype, or where there are too many or too few.
Tensor read_elements(DType dtype, Shape shape, std::string_view text);

}  // namespace fovea
