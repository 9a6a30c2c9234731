#include "graph/ops/transpose.h"

#include "graph/ops/rules.h"
#include "graph/ops/strided.h"

namespace fovea {
namespace {

Shape permuted(const Transpose& op, const Shape& x) {
  std::vector<std::int64_t> dims;
  for (const std::int64_t axis : op.perm) dims.push_back(x[static_cast<int>(axis)]);
  return Shape(std::move(dims));
}

}  // namespace

std::vector<ValueType> infer_types(const Transpose& op, std::span<const OperandType> inputs) {
  expect_inputs("transpose", inputs, 1, 1);
  const ValueType& x = inputs[0].type;
  expect(op.perm.size() == static_cast<std::size_t>(x.shape.rank()), "transpose",
         "permutation has {} axes, input is {}", op.perm.size(), x.shape.str());
  expect_axes("transpose", op.perm, x.shape.rank());
  return one({x.dtype, permuted(op, x.shape)});
}

std::vector<Tensor> compute_reference(const Transpose& op, std::span<const Tensor> inputs) {
  const std::vector<std::int64_t> dense = dense_strides(inputs[0].shape());
  std::vector<std::int64_t> strides;
  for (const std::int64_t axis : op.perm) strides.push_back(dense[static_cast<std::size_t>(axis)]);
  return {strided_copy(inputs[0], permuted(op, inputs[0].shape()), 0, strides)};
}

}  // namespace fovea
