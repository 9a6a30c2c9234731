#include "graph/ops/identity.h"

#include "graph/ops/rules.h"

namespace fovea {

std::vector<ValueType> infer_types(const Identity&, std::span<const OperandType> inputs) {
  expect_inputs("identity", inputs, 1, 1);
  return one(inputs[0].type);
}

std::vector<Tensor> compute_reference(const Identity&, std::span<const Tensor> inputs) { return {inputs[0]}; }

}  // namespace fovea
