#include "graph/ops/arg_max.h"

#include "graph/ops/rules.h"
#include "graph/ops/strided.h"

namespace fovea {
namespace {

Shape result_shape(const ArgMax& op, const Shape& x) {
  std::vector<std::int64_t> dims = x.dims();
  if (op.keep_dims)
    dims[static_cast<std::size_t>(op.axis)] = 1;
  else
    dims.erase(dims.begin() + op.axis);
  return Shape(std::move(dims));
}

}  // namespace

std::vector<ValueType> infer_types(const ArgMax& op, std::span<const OperandType> inputs) {
  expect_inputs("arg_max", inputs, 1, 1);
  const Shape& x = inputs[0].type.shape;
  expect_real("arg_max", "input", inputs[0].type);
  expect_axis("arg_max", op.axis, x.rank());
  expect(x[op.axis] > 0, "arg_max", "axis {} of {} is empty", op.axis, x.str());
  return one({DType::kS64, result_shape(op, x)});
}

std::vector<Tensor> compute_reference(const ArgMax& op, std::span<const Tensor> inputs) {
  const Tensor x = to_f32(inputs[0]);
  const AxisView view = axis_view(x.shape(), op.axis);
  Tensor y(DType::kS64, result_shape(op, x.shape()));
  for (std::int64_t o = 0; o < view.outer; ++o)
    for (std::int64_t i = 0; i < view.inner; ++i) {
      const auto value = [&](std::int64_t k) {
        return x.data<float>()[static_cast<std::size_t>((o * view.size + k) * view.inner + i)];
      };
      std::int64_t best = 0;
      for (std::int64_t k = 1; k < view.size; ++k)
        if (value(k) > value(best) || (op.select_last && value(k) == value(best))) best = k;
      y.data<std::int64_t>()[static_cast<std::size_t>(o * view.inner + i)] = best;
    }
  return {y};
}

}  // namespace fovea
