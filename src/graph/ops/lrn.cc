#include "graph/ops/lrn.h"

#include <algorithm>
#include <cmath>

#include "graph/ops/rules.h"
#include "graph/ops/strided.h"

namespace fovea {

std::vector<ValueType> infer_types(const Lrn& op, std::span<const OperandType> inputs) {
  expect_inputs("lrn", inputs, 1, 1);
  expect_real("lrn", "input", inputs[0].type);
  expect(inputs[0].type.shape.rank() >= 2, "lrn", "input is {}, expected rank 2 or more", inputs[0].type.shape.str());
  expect(op.size > 0, "lrn", "size is {}, expected at least 1", op.size);
  return one(inputs[0].type);
}

std::vector<Tensor> compute_reference(const Lrn& op, std::span<const Tensor> inputs) {
  const Tensor x = to_f32(inputs[0]);
  Tensor y(DType::kF32, x.shape());
  const AxisView view = axis_view(x.shape(), 1);
  const auto value = [&](std::int64_t n, std::int64_t c, std::int64_t i) {
    return static_cast<double>(x.data<float>()[static_cast<std::size_t>((n * view.size + c) * view.inner + i)]);
  };
  std::size_t at = 0;
  for (std::int64_t n = 0; n < view.outer; ++n)
    for (std::int64_t c = 0; c < view.size; ++c)
      for (std::int64_t i = 0; i < view.inner; ++i, ++at) {
        const std::int64_t first = std::max<std::int64_t>(0, c - (op.size - 1) / 2);
        const std::int64_t last = std::min<std::int64_t>(view.size - 1, c + op.size / 2);
        double squares = 0;
        for (std::int64_t j = first; j <= last; ++j) squares += value(n, j, i) * value(n, j, i);
        const double base = static_cast<double>(op.bias) + static_cast<double>(op.alpha) / op.size * squares;
        y.data<float>()[at] = static_cast<float>(value(n, c, i) / std::pow(base, static_cast<double>(op.beta)));
      }
  return {y};
}

}  // namespace fovea
