#include "graph/ops/split.h"

#include "graph/ops/rules.h"
#include "graph/ops/strided.h"

namespace fovea {

std::vector<ValueType> infer_types(const Split& op, std::span<const OperandType> inputs) {
  expect_inputs("split", inputs, 1, 1);
  const ValueType& x = inputs[0].type;
  expect_axis("split", op.axis, x.shape.rank());
  expect(!op.sizes.empty(), "split", "has no sizes");
  std::vector<ValueType> parts;
  std::int64_t left = x.shape[op.axis];
  for (const std::int64_t size : op.sizes) {
    expect(size >= 0 && size <= left, "split", "sizes do not add up to the dimension of {}", x.shape[op.axis]);
    left -= size;
    parts.push_back(x);
    parts.back().shape[op.axis] = size;
  }
  expect(left == 0, "split", "sizes leave {} of the dimension of {}", left, x.shape[op.axis]);
  return parts;
}

std::vector<Tensor> compute_reference(const Split& op, std::span<const Tensor> inputs) {
  const Tensor& x = inputs[0];
  const std::vector<std::int64_t> strides = dense_strides(x.shape());
  std::vector<Tensor> parts;
  std::int64_t offset = 0;
  for (const std::int64_t size : op.sizes) {
    Shape shape = x.shape();
    shape[op.axis] = size;
    parts.push_back(strided_copy(x, shape, offset, strides));
    offset += size * strides[static_cast<std::size_t>(op.axis)];
  }
  return parts;
}

}  // namespace fovea
