#include "graph/ops/dropout.h"

#include "graph/ops/rules.h"

namespace fovea {

std::vector<ValueType> infer_types(const Dropout&, std::span<const OperandType> inputs) {
  expect_inputs("dropout", inputs, 1, 1);
  return one(inputs[0].type);
}

std::vector<Tensor> compute_reference(const Dropout&, std::span<const Tensor> inputs) { return {inputs[0]}; }

}  // namespace fovea
