#include "graph/ops/matrix_product.h"

#include <algorithm>

namespace fovea {

void multiply(const MatrixView& a, const MatrixView& b, std::int64_t m, std::int64_t n, std::int64_t k, double* out) {
  std::fill(out, out + m * n, 0.0);
  for (std::int64_t row = 0; row < m; ++row)
    for (std::int64_t i = 0; i < k; ++i) {
      const double factor = static_cast<double>(a.data[row * a.row_stride + i * a.column_stride]);
      const float* other = b.data + i * b.row_stride;
      double* sum = out + row * n;
      for (std::int64_t column = 0; column < n; ++column)
        sum[column] += factor * static_cast<double>(other[column * b.column_stride]);
    }
}

}  // namespace fovea
