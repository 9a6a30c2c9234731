#include "graph/ops/slice.h"

#include <algorithm>

#include "graph/ops/rules.h"
#include "graph/ops/strided.h"

namespace fovea {
namespace {

struct Cut {
  std::int64_t start, step, count;
};

/// ONNX: negative positions count from the end, then both are clamped to what the step's direction can reach.
Cut cut(std::int64_t start, std::int64_t end, std::int64_t step, std::int64_t dim) {
  constexpr std::int64_t kFar = std::int64_t{1} << 41;  // beyond every dimension, so a longer step changes nothing
  step = std::clamp(step, -kFar, kFar);
  if (start < 0) start += dim;
  if (end < 0) end += dim;
  const std::int64_t least = step > 0 ? 0 : -1;
  const std::int64_t most = step > 0 ? dim : dim - 1;
  start = std::clamp(start, step > 0 ? least : std::min<std::int64_t>(0, most), most);
  end = std::clamp(end, least, most);
  const std::int64_t span = step > 0 ? end - start : start - end;
  const std::int64_t stride = step > 0 ? step : -step;
  return {start, step, span <= 0 ? 0 : (span + stride - 1) / stride};
}

std::int64_t step_at(const Slice& op, std::size_t i) { return op.steps.empty() ? 1 : op.steps[i]; }

}  // namespace

std::vector<ValueType> infer_types(const Slice& op, std::span<const OperandType> inputs) {
  expect_inputs("slice", inputs, 1, 1);
  ValueType y = inputs[0].type;
  expect(op.starts.size() == op.axes.size() && op.ends.size() == op.axes.size() &&
             (op.steps.empty() || op.steps.size() == op.axes.size()),
         "slice", "{} axes, {} starts, {} ends, {} steps, expected as many of each", op.axes.size(), op.starts.size(),
         op.ends.size(), op.steps.size());
  expect_axes("slice", op.axes, y.shape.rank());
  for (std::size_t i = 0; i < op.axes.size(); ++i) {
    expect(step_at(op, i) != 0, "slice", "step is 0");
    std::int64_t& dim = y.shape[static_cast<int>(op.axes[i])];
    dim = cut(op.starts[i], op.ends[i], step_at(op, i), dim).count;
  }
  return one(std::move(y));
}

std::vector<Tensor> compute_reference(const Slice& op, std::span<const Tensor> inputs) {
  const Tensor& x = inputs[0];
  Shape shape = x.shape();
  std::vector<std::int64_t> strides = dense_strides(shape);
  std::int64_t offset = 0;
  for (std::size_t i = 0; i < op.axes.size(); ++i) {
    const auto axis = static_cast<std::size_t>(op.axes[i]);
    std::int64_t& dim = shape[static_cast<int>(axis)];
    const Cut piece = cut(op.starts[i], op.ends[i], step_at(op, i), dim);
    dim = piece.count;
    offset += piece.start * strides[axis];
    strides[axis] *= piece.count > 1 ? piece.step : 0;  // a far step is never taken
  }
  return {strided_copy(x, shape, offset, strides)};
}

}  // namespace fovea
