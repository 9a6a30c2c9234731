#include "graph/ops/flatten.h"

#include "graph/ops/rules.h"

namespace fovea {
namespace {

Shape flattened(const Flatten& op, const Shape& x) {
  const auto axis = x.begin() + op.axis;
  return {Shape({x.begin(), axis}).elements(), Shape({axis, x.end()}).elements()};
}

}  // namespace

std::vector<ValueType> infer_types(const Flatten& op, std::span<const OperandType> inputs) {
  expect_inputs("flatten", inputs, 1, 1);
  const Shape& x = inputs[0].type.shape;
  expect(op.axis >= 0 && op.axis <= x.rank(), "flatten", "axis {} is outside [0, {}]", op.axis, x.rank());
  return one({inputs[0].type.dtype, flattened(op, x)});
}

std::vector<Tensor> compute_reference(const Flatten& op, std::span<const Tensor> inputs) {
  return {inputs[0].reshaped(flattened(op, inputs[0].shape()))};
}

}  // namespace fovea
