#include "graph/ops/matrix_product.h"

#include <gtest/gtest.h>

#include "graph/ops/gemm.h"
#include "graph/ops/matmul.h"
#include "testing/graph_random.h"
#include "testing/op_check.h"

namespace fovea {
namespace {

const Tensor kA = floats({2, 3}, {1, 2, 3, 4, 5, 6});
const Tensor kB = floats({3, 2}, {1, -1, 0, 2, 3, 1});
const Tensor kAb = floats({2, 2}, {10, 6, 22, 12});

TEST(Gemm, AllTranspositions) {
  const Tensor at = floats({3, 2}, {1, 4, 2, 5, 3, 6}), bt = floats({2, 3}, {1, 0, 3, -1, 2, 1});
  expect_close(run_op(Gemm{}, {kA, kB}), kAb, 0, 0);
  expect_close(run_op(Gemm{true, false, 1, 1, {}}, {at, kB}), kAb, 0, 0);
  expect_close(run_op(Gemm{false, true, 1, 1, {}}, {kA, bt}), kAb, 0, 0);
  expect_close(run_op(Gemm{true, true, 1, 1, {}}, {at, bt}), kAb, 0, 0);
}

TEST(Gemm, AlphaBetaBroadcastAndActivation) {
  const Gemm op{false, false, 0.5F, 2, {Function::kClip, 0, 12}};
  expect_close(run_op(op, {kA, kB, floats({2}, {1, -10})}), floats({2, 2}, {7, 0, 12, 0}), 0, 0);
  expect_close(run_op(op, {kA, kB, floats({2, 1}, {1, -3})}), floats({2, 2}, {7, 5, 5, 0}), 0, 0);
  expect_close(run_op(op, {kA, kB, floats({}, {1})}), floats({2, 2}, {7, 5, 12, 8}), 0, 0);
  expect_close(run_op(op, {kA, kB, Tensor()}), floats({2, 2}, {5, 3, 11, 6}), 0, 0);
}

TEST(Gemm, ShapeRule) {
  EXPECT_EQ(shape_rule(Gemm{}, {{2, 512}, {1000, 512}}), "[gemm] weight has 1000 input features, input has 512");
  EXPECT_EQ(shape_rule(Gemm{false, true, 1, 1, {}}, {{2, 512}, {1000, 512}, {1000}}), "2x1000");
  EXPECT_EQ(shape_rule(Gemm{}, {{2, 3}, {3, 4}, {3}}), "[gemm] bias is 3, which does not broadcast to 2x4");
  EXPECT_EQ(shape_rule(Gemm{}, {{2, 3}, {3, 4}, {1, 2, 4}}), "[gemm] bias is 1x2x4, which does not broadcast to 2x4");
  EXPECT_EQ(shape_rule(Gemm{}, {{2, 3, 1}, {3, 4}}), "[gemm] input is 2x3x1, expected rank 2");
}

TEST(MatMul, PromotesVectors) {
  expect_close(run_op(MatMul{}, {kA, kB}), kAb, 0, 0);
  expect_close(run_op(MatMul{}, {floats({3}, {1, 2, 3}), kB}), floats({2}, {10, 6}), 0, 0);
  expect_close(run_op(MatMul{}, {kA, floats({3}, {1, 0, -1})}), floats({2}, {-2, -2}), 0, 0);
  expect_close(run_op(MatMul{}, {floats({2}, {3, 4}), floats({2}, {5, 6})}), floats({}, {39}), 0, 0);
}

TEST(MatMul, BroadcastsStacks) {
  const Tensor a = counting({2, 1, 1, 2});  // [0 1], [2 3]
  const Tensor b = counting({3, 2, 1}, 1);  // [1 2], [3 4], [5 6]
  expect_close(run_op(MatMul{}, {a, b}), floats({2, 3, 1, 1}, {2, 4, 6, 8, 18, 28}), 0, 0);
  EXPECT_EQ(shape_rule(MatMul{}, {{5, 2, 3}, {3}}), "5x2");
}

TEST(MatMul, ShapeRule) {
  EXPECT_EQ(shape_rule(MatMul{}, {{2, 3}, {4, 5}}), "[matmul] second operand has 4 rows, first has 3 columns");
  EXPECT_EQ(shape_rule(MatMul{}, {{}, {4, 5}}), "[matmul] operands are scalar and 4x5, expected rank 1 or more");
  EXPECT_EQ(shape_rule(MatMul{}, {{2, 2, 3}, {3, 3, 5}}), "[matmul] shapes 2 and 3 do not broadcast");
}

}  // namespace
}  // namespace fovea
