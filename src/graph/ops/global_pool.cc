#include "graph/ops/global_pool.h"

#include <algorithm>
#include <numeric>

#include "graph/ops/rules.h"

namespace fovea {

std::vector<ValueType> infer_types(const GlobalPool&, std::span<const OperandType> inputs) {
  expect_inputs("global_pool", inputs, 1, 1);
  const ValueType& x = inputs[0].type;
  expect_real("global_pool", "input", x, 4);
  expect_filled("global_pool", "input", x);
  return one({x.dtype, {x.shape[0], x.shape[1], 1, 1}});
}

std::vector<Tensor> compute_reference(const GlobalPool& op, std::span<const Tensor> inputs) {
  const Tensor x = to_f32(inputs[0]);
  Tensor y(DType::kF32, {x.shape()[0], x.shape()[1], 1, 1});
  const std::size_t plane = static_cast<std::size_t>(x.shape()[2] * x.shape()[3]);
  for (std::size_t i = 0; i < y.data<float>().size(); ++i) {
    const std::span<const float> values = x.data<float>().subspan(i * plane, plane);
    y.data<float>()[i] =
        op.kind == PoolKind::kMax
            ? *std::ranges::max_element(values)
            : static_cast<float>(std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(plane));
  }
  return {y};
}

}  // namespace fovea
