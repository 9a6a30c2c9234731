#include "graph/ops/squeeze.h"

#include <algorithm>

#include "graph/ops/rules.h"

namespace fovea {
namespace {

Shape squeezed(const Squeeze& op, const Shape& x) {
  expect_axes("squeeze", op.axes, x.rank());
  std::vector<std::int64_t> dims;
  for (int axis = 0; axis < x.rank(); ++axis) {
    const bool drop = std::ranges::find(op.axes, axis) != op.axes.end();
    expect(!drop || x[axis] == 1, "squeeze", "axis {} of {} is not of size 1", axis, x.str());
    if (!drop) dims.push_back(x[axis]);
  }
  return Shape(std::move(dims));
}

Shape unsqueezed(const Unsqueeze& op, const Shape& x) {
  expect(op.axes.size() <= static_cast<std::size_t>(kMostAxes), "unsqueeze", "{} axes, expected at most {}",
         op.axes.size(), kMostAxes);
  const int rank = x.rank() + static_cast<int>(op.axes.size());
  expect_axes("unsqueeze", op.axes, rank);
  std::vector<std::int64_t> dims;
  auto next = x.begin();
  for (int axis = 0; axis < rank; ++axis)
    dims.push_back(std::ranges::find(op.axes, axis) != op.axes.end() ? 1 : *next++);
  return Shape(std::move(dims));
}

}  // namespace

std::vector<ValueType> infer_types(const Squeeze& op, std::span<const OperandType> inputs) {
  expect_inputs("squeeze", inputs, 1, 1);
  return one({inputs[0].type.dtype, squeezed(op, inputs[0].type.shape)});
}

std::vector<Tensor> compute_reference(const Squeeze& op, std::span<const Tensor> inputs) {
  return {inputs[0].reshaped(squeezed(op, inputs[0].shape()))};
}

std::vector<ValueType> infer_types(const Unsqueeze& op, std::span<const OperandType> inputs) {
  expect_inputs("unsqueeze", inputs, 1, 1);
  return one({inputs[0].type.dtype, unsqueezed(op, inputs[0].type.shape)});
}

std::vector<Tensor> compute_reference(const Unsqueeze& op, std::span<const Tensor> inputs) {
  return {inputs[0].reshaped(unsqueezed(op, inputs[0].shape()))};
}

}  // namespace fovea
