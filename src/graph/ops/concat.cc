#include "graph/ops/concat.h"

#include <cstring>

#include "graph/ops/rules.h"
#include "graph/ops/strided.h"

namespace fovea {

std::vector<ValueType> infer_types(const Concat& op, std::span<const OperandType> inputs) {
  expect(!inputs.empty(), "concat", "has no inputs");
  expect_inputs("concat", inputs, inputs.size(), inputs.size());
  ValueType y = inputs[0].type;
  expect_axis("concat", op.axis, y.shape.rank());
  for (const OperandType& input : inputs.subspan(1)) {
    expect(input.type.dtype == y.dtype, "concat", "joins {} and {}, expected one type", name(y.dtype),
           name(input.type.dtype));
    Shape aligned = input.type.shape;
    if (aligned.rank() == y.shape.rank()) aligned[op.axis] = y.shape[op.axis];
    expect(aligned == y.shape, "concat", "joins {} and {} along axis {}, expected equal other dimensions",
           inputs[0].type.shape.str(), input.type.shape.str(), op.axis);
    y.shape[op.axis] += input.type.shape[op.axis];
    y.shape.elements();  // keeps the sum in range
  }
  return one(std::move(y));
}

std::vector<Tensor> compute_reference(const Concat& op, std::span<const Tensor> inputs) {
  Shape shape = inputs[0].shape();
  for (const Tensor& input : inputs.subspan(1)) shape[op.axis] += input.shape()[op.axis];
  Tensor y(inputs[0].dtype(), shape);
  const AxisView whole = axis_view(shape, op.axis);
  const auto element = static_cast<std::int64_t>(size_of(y.dtype()));
  std::int64_t at = 0;
  for (const Tensor& part : inputs) {
    const std::int64_t run = part.shape()[op.axis] * whole.inner * element;
    for (std::int64_t outer = 0; run > 0 && outer < whole.outer; ++outer)
      std::memcpy(y.bytes().data() + outer * whole.size * whole.inner * element + at, part.bytes().data() + outer * run,
                  static_cast<std::size_t>(run));
    at += run;
  }
  return {y};
}

}  // namespace fovea
