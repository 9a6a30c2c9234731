#include "graph/ops/matmul.h"

#include "graph/ops/matrix_product.h"
#include "graph/ops/rules.h"
#include "graph/ops/strided.h"

namespace fovea {
namespace {

/// Operands as stacks of matrices: a is stack × m × k, b is stack × k × n, both broadcast to one stack.
struct Stacks {
  Shape a, b;  ///< with rank-1 operands promoted and the stack broadcast
  Shape y;     ///< with the promoted axes taken away again
  std::int64_t m, k, n, count;
};

Stacks stacks(const Shape& a, const Shape& b) {
  expect(a.rank() > 0 && b.rank() > 0, "matmul", "operands are {} and {}, expected rank 1 or more", a.str(), b.str());
  std::vector<std::int64_t> left = a.dims(), right = b.dims();
  if (a.rank() == 1) left.insert(left.begin(), 1);
  if (b.rank() == 1) right.push_back(1);
  Stacks made;
  made.m = left[left.size() - 2];
  made.k = left.back();
  made.n = right.back();
  expect(right[right.size() - 2] == made.k, "matmul", "second operand has {} rows, first has {} columns",
         right[right.size() - 2], made.k);
  const Shape stack = broadcast(Shape({left.begin(), left.end() - 2}), Shape({right.begin(), right.end() - 2}));
  std::vector<std::int64_t> dims = stack.dims();
  made.count = stack.elements();
  const auto with = [&](std::initializer_list<std::int64_t> tail) {
    std::vector<std::int64_t> all = dims;
    all.insert(all.end(), tail);
    return Shape(std::move(all));
  };
  made.a = with({made.m, made.k});
  made.b = with({made.k, made.n});
  if (a.rank() > 1) dims.push_back(made.m);
  if (b.rank() > 1) dims.push_back(made.n);
  made.y = Shape(std::move(dims));
  return made;
}

}  // namespace

std::vector<ValueType> infer_types(const MatMul&, std::span<const OperandType> inputs) {
  expect_inputs("matmul", inputs, 2, 2);
  expect_real("matmul", "first operand", inputs[0].type);
  expect_real("matmul", "second operand", inputs[1].type);
  return one({inputs[0].type.dtype, stacks(inputs[0].type.shape, inputs[1].type.shape).y});
}

std::vector<Tensor> compute_reference(const MatMul&, std::span<const Tensor> inputs) {
  const Stacks size = stacks(inputs[0].shape(), inputs[1].shape());
  const auto promoted = [](const Tensor& x, bool as_row) {
    if (x.shape().rank() > 1) return to_f32(x);
    return to_f32(x).reshaped(as_row ? Shape{1, x.elements()} : Shape{x.elements(), 1});
  };
  const Tensor a = broadcast_to(promoted(inputs[0], true), size.a);
  const Tensor b = broadcast_to(promoted(inputs[1], false), size.b);
  Tensor y(DType::kF32, size.y);
  std::vector<double> product(static_cast<std::size_t>(size.m * size.n));
  for (std::int64_t i = 0; i < size.count; ++i) {
    multiply({a.data<float>().data() + i * size.m * size.k, size.k, 1},
             {b.data<float>().data() + i * size.k * size.n, size.n, 1}, size.m, size.n, size.k, product.data());
    float* to = y.data<float>().data() + i * size.m * size.n;
    for (std::size_t j = 0; j < product.size(); ++j) to[j] = static_cast<float>(product[j]);
  }
  return {y};
}

}  // namespace fovea
