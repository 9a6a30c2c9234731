#pragma once

#include <cstdint>

namespace fovea {

/// One operand of a product: element (row, column) is data[row · row_stride + column · column_stride].
struct MatrixView {
  const float* data = nullptr;
  std::int64_t row_stride = 0, column_stride = 0;
};

/// out[m, n] (dense) = a[m, k] · b[k, n], summed in double.
void multiply(const MatrixView& a, const MatrixView& b, std::int64_t m, std::int64_t n, std::int64_t k, double* out);

}  // namespace fovea
