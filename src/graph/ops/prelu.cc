#include "graph/ops/prelu.h"

#include "graph/ops/rules.h"
#include "graph/ops/strided.h"

namespace fovea {

std::vector<ValueType> infer_types(const PRelu&, std::span<const OperandType> inputs) {
  expect_inputs("prelu", inputs, 2, 2);
  expect_real("prelu", "input", inputs[0].type);
  expect_real("prelu", "slope", inputs[1].type);
  const Shape &x = inputs[0].type.shape, &slope = inputs[1].type.shape;
  expect(broadcast(x, slope) == x, "prelu", "slope is {}, which does not broadcast to {}", slope.str(), x.str());
  return one(inputs[0].type);
}

std::vector<Tensor> compute_reference(const PRelu&, std::span<const Tensor> inputs) {
  Tensor y = to_f32(inputs[0]).clone();
  const Tensor slope = broadcast_to(to_f32(inputs[1]), y.shape());
  for (std::size_t i = 0; i < y.data<float>().size(); ++i) {
    float& value = y.data<float>()[i];
    if (value < 0) value *= slope.data<float>()[i];
  }
  return {y};
}

}  // namespace fovea
