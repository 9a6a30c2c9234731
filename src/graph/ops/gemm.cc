#include "graph/ops/gemm.h"

#include "graph/ops/matrix_product.h"
#include "graph/ops/rules.h"
#include "graph/ops/strided.h"

namespace fovea {
namespace {

struct Sizes {
  std::int64_t m, k, n;
};
Sizes sizes(const Gemm& op, const Shape& a, const Shape& b) {
  return {a[op.trans_a ? 1 : 0], a[op.trans_a ? 0 : 1], b[op.trans_b ? 0 : 1]};
}

bool broadcasts_to(const Shape& from, const Shape& to) {
  for (int i = 1; i <= from.rank(); ++i)
    if (i > to.rank() || (from[from.rank() - i] != 1 && from[from.rank() - i] != to[to.rank() - i])) return false;
  return true;
}

}  // namespace

std::vector<ValueType> infer_types(const Gemm& op, std::span<const OperandType> inputs) {
  expect_inputs("gemm", inputs, 2, 3);
  expect_real("gemm", "input", inputs[0].type, 2);
  expect_real("gemm", "weight", inputs[1].type, 2);
  expect_filled("gemm", "input", inputs[0].type);
  expect_filled("gemm", "weight", inputs[1].type);
  const Shape &a = inputs[0].type.shape, &b = inputs[1].type.shape;
  const Sizes size = sizes(op, a, b);
  const std::int64_t rows = b[op.trans_b ? 1 : 0];
  expect(rows == size.k, "gemm", "weight has {} input features, input has {}", rows, size.k);
  const Shape y = {size.m, size.n};
  if (inputs.size() > 2 && inputs[2].present) {
    expect_real("gemm", "bias", inputs[2].type);
    expect(broadcasts_to(inputs[2].type.shape, y), "gemm", "bias is {}, which does not broadcast to {}",
           inputs[2].type.shape.str(), y.str());
  }
  return one({inputs[0].type.dtype, y});
}

std::vector<Tensor> compute_reference(const Gemm& op, std::span<const Tensor> inputs) {
  const Tensor a = to_f32(inputs[0]), b = to_f32(inputs[1]);
  const Sizes size = sizes(op, a.shape(), b.shape());
  Tensor y(DType::kF32, {size.m, size.n});
  const Tensor c = inputs.size() > 2 && !inputs[2].empty() ? broadcast_to(to_f32(inputs[2]), y.shape()) : Tensor();
  MatrixView left = {a.data<float>().data(), a.shape()[1], 1}, right = {b.data<float>().data(), b.shape()[1], 1};
  if (op.trans_a) std::swap(left.row_stride, left.column_stride);
  if (op.trans_b) std::swap(right.row_stride, right.column_stride);
  std::vector<double> product(static_cast<std::size_t>(y.elements()));
  multiply(left, right, size.m, size.n, size.k, product.data());
  for (std::size_t i = 0; i < product.size(); ++i) {
    double sum = static_cast<double>(op.alpha) * product[i];
    if (!c.empty()) sum += static_cast<double>(op.beta) * static_cast<double>(c.data<float>()[i]);
    y.data<float>()[i] = apply(op.act, static_cast<float>(sum));
  }
  return {y};
}

}  // namespace fovea
