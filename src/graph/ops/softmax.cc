#include "graph/ops/softmax.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "graph/ops/rules.h"
#include "graph/ops/strided.h"

namespace fovea {

std::vector<ValueType> infer_types(const Softmax& op, std::span<const OperandType> inputs) {
  expect_inputs("softmax", inputs, 1, 1);
  expect_real("softmax", "input", inputs[0].type);
  expect_axis("softmax", op.axis, inputs[0].type.shape.rank());
  return one(inputs[0].type);
}

std::vector<Tensor> compute_reference(const Softmax& op, std::span<const Tensor> inputs) {
  const Tensor x = to_f32(inputs[0]);
  Tensor y(DType::kF32, x.shape());
  const AxisView view = axis_view(x.shape(), op.axis);
  for (std::int64_t line = 0; line < view.outer * view.inner; ++line) {
    const std::int64_t start = line / view.inner * view.size * view.inner + line % view.inner;
    const auto at = [&](std::int64_t i) { return static_cast<std::size_t>(start + i * view.inner); };
    double most = -std::numeric_limits<double>::infinity(), sum = 0;
    for (std::int64_t i = 0; i < view.size; ++i) most = std::max(most, static_cast<double>(x.data<float>()[at(i)]));
    for (std::int64_t i = 0; i < view.size; ++i) sum += std::exp(static_cast<double>(x.data<float>()[at(i)]) - most);
    for (std::int64_t i = 0; i < view.size; ++i) {
      const double shifted = static_cast<double>(x.data<float>()[at(i)]) - most;
      y.data<float>()[at(i)] = static_cast<float>(op.log ? shifted - std::log(sum) : std::exp(shifted) / sum);
    }
  }
  return {y};
}

}  // namespace fovea
