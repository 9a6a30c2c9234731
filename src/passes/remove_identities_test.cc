#include "passes/remove_identities.h"

#include <gtest/gtest.h>

#include "graph/text.h"
#include "passes/common_subexpressions.h"
#include "passes/dead_nodes.h"
#include "passes/fold_constants.h"
#include "passes/matmul_to_gemm.h"
#include "passes/reduce_to_pool.h"
#include "testing/rewrite_case.h"

namespace fovea {
namespace {

const std::string kX = "input x: f32 1x2x3x4\n";
const std::string kTanh = kX + "y: f32 1x2x3x4 = unary(x) fn=tanh\nreturn y\n";

TEST(RemoveIdentities, WhateverChangesNothing) {
  const char* nothing[] = {"identity(t)",
                           "dropout(t)",
                           "cast(t)",
                           "reshape(t) dims=0,2,-1,4",
                           "transpose(t) perm=0,1,2,3",
                           "pad(t) before=0,0,0,0 after=0,0,0,0",
                           "pool(t)",
                           "binary(t, zero)",
                           "binary(t, one) kind=mul",
                           "concat(t)"};
  for (const char* op : nothing) {
    SCOPED_TRACE(op);
    expect_rewrite(remove_identities,
                   kX + "const zero: f32 scalar {0}\nconst one: f32 scalar {1}\n" +
                       "t: f32 1x2x3x4 = unary(x) fn=tanh\ni: f32 1x2x3x4 = " + op +
                       "\ny: f32 1x2x3x4 = unary(i) fn=relu\nreturn y\n",
                   kX + "t: f32 1x2x3x4 = unary(x) fn=tanh\ny: f32 1x2x3x4 = unary(t) fn=relu\nreturn y\n");
  }
}

TEST(RemoveIdentities, KeepsWhatTurnsOrConverts) {
  expect_untouched(remove_identities, kX + "y: f32 1x2x3x4 = slice(x) axes=3 starts=-1 ends=-9 steps=-1\nreturn y\n");
  expect_untouched(remove_identities, kX + "y: bf16 1x2x3x4 = identity(x)\nreturn y\n");
  expect_untouched(remove_identities, "input x: f32 1x3x3x3\ny: f32 1x3x3x3 = transpose(x) perm=0,1,3,2\nreturn y\n");
}

TEST(RemoveIdentities, KeepsTheOnlyNodeOfAGraph) {
  expect_untouched(remove_identities, kX + "y: f32 1x2x3x4 = identity(x)\nreturn y\n");
}

TEST(RemoveIdentities, MergesTransposesAndReshapes) {
  expect_rewrite(remove_identities,
                 kX + "a: f32 1x3x4x2 = transpose(x) perm=0,2,3,1\nb: f32 1x4x2x3 = transpose(a) perm=0,2,3,1\n"
                      "y: f32 1x4x2x3 = unary(b) fn=relu\nreturn y\n",
                 kX + "b: f32 1x4x2x3 = transpose(x) perm=0,3,1,2\ny: f32 1x4x2x3 = unary(b) fn=relu\nreturn y\n");
  expect_rewrite(remove_identities, kX + "a: f32 1x6x4 = reshape(x) dims=0,-1,4\nb: f32 1x24 = flatten(a)\nreturn b\n",
                 kX + "b: f32 1x24 = flatten(x)\nreturn b\n");
  expect_untouched(remove_identities,
                   kX + "a: f32 1x6x4 = reshape(x) dims=0,-1,4\nb: f32 1x6x2x2 = reshape(a) dims=0,0,2,2\nreturn b\n");
}

TEST(DeadNodes, Go) {
  expect_rewrite(dead_nodes, kX + "d: f32 1x2x3x4 = unary(x) fn=relu\ny: f32 1x2x3x4 = unary(x) fn=tanh\nreturn y\n",
                 kTanh);
}

TEST(CommonSubexpressions, AreComputedOnce) {
  expect_rewrite(common_subexpressions,
                 kX + "const a: f32 scalar {2}\nconst b: f32 scalar {2}\n"
                      "p: f32 1x2x3x4 = binary(x, a) kind=mul\nq: f32 1x2x3x4 = binary(x, b) kind=mul\n"
                      "y: f32 1x2x3x4 = binary(p, q)\nreturn y\n",
                 kX + "const a: f32 scalar {2}\np: f32 1x2x3x4 = binary(x, a) kind=mul\n"
                      "y: f32 1x2x3x4 = binary(p, p)\nreturn y\n");
}

TEST(CommonSubexpressions, OfDifferentTypeStay) {
  expect_untouched(common_subexpressions,
                   kX + "p: bf16 1x2x3x4 = identity(x)\nq: f16 1x2x3x4 = identity(x)\n"
                        "r: f32 1x2x3x4 = identity(p)\ns: f32 1x2x3x4 = identity(q)\ny: f32 1x2x3x4 = binary(r, s)\n"
                        "return y\n");
}

TEST(FoldConstants, ComputesWhatIsKnown) {
  expect_rewrite(fold_constants,
                 kX + "const a: f32 2 {1, 2}\nconst b: f32 2 {3, 4}\ns: f32 2 = binary(a, b)\n"
                      "r: f32 2x1 = reshape(s) dims=2,1\nc: f32 2x1x1 = unsqueeze(r) axes=2\n"
                      "y: f32 1x2x3x4 = binary(x, c)\nreturn y\n",
                 kX + "const c: f32 2x1x1 {4, 6}\ny: f32 1x2x3x4 = binary(x, c)\nreturn y\n");
}

TEST(FoldConstants, LeavesWeightsInEightBits) {
  const std::string text = kX +
                           "const q: s8 2x1x1 {4, -6}\nconst s: f32 scalar {0.5}\n"
                           "w: f32 2x1x1 = dequantize(q, s)\ny: f32 1x2x3x4 = binary(x, w)\nreturn y\n";
  expect_untouched(fold_constants, text);
  expect_rewrite(fold_all_constants, text,
                 kX + "const w: f32 2x1x1 {2, -3}\ny: f32 1x2x3x4 = binary(x, w)\nreturn y\n");
}

TEST(MatmulToGemm, WithConstantWeights) {
  expect_rewrite(matmul_to_gemm, "input x: f32 2x2\nconst w: f32 2x1 {1, 2}\ny: f32 2x1 = matmul(x, w)\nreturn y\n",
                 "input x: f32 2x2\nconst w: f32 2x1 {1, 2}\ny: f32 2x1 = gemm(x, w)\nreturn y\n");
  expect_rewrite(matmul_to_gemm, "input x: f32 1x3x2\nconst w: f32 2x1 {1, 2}\ny: f32 1x3x1 = matmul(x, w)\nreturn y\n",
                 "input x: f32 1x3x2\nconst w: f32 2x1 {1, 2}\ny.rows: f32 3x2 = reshape(x) dims=-1,2\n"
                 "y.gemm: f32 3x1 = gemm(y.rows, w)\ny: f32 1x3x1 = reshape(y.gemm) dims=-1,3,1\nreturn y\n");
  expect_untouched(matmul_to_gemm, "input x: f32 2x2\ninput w: f32 2x1\ny: f32 2x1 = matmul(x, w)\nreturn y\n");
}

TEST(ReduceToPool, MeansAndWindowsOverAllPixels) {
  expect_rewrite(reduce_to_pool, kX + "y: f32 1x2x1x1 = reduce(x) axes=2,3\nreturn y\n",
                 kX + "y: f32 1x2x1x1 = global_pool(x)\nreturn y\n");
  expect_rewrite(reduce_to_pool, kX + "y: f32 1x2 = reduce(x) axes=2,3 keep_dims=0\nreturn y\n",
                 kX + "y.pool: f32 1x2x1x1 = global_pool(x)\ny: f32 1x2 = flatten(y.pool)\nreturn y\n");
  expect_rewrite(reduce_to_pool, kX + "y: f32 1x2x1x1 = pool(x) kind=average kernel=3,4\nreturn y\n",
                 kX + "y: f32 1x2x1x1 = global_pool(x)\nreturn y\n");
  expect_untouched(reduce_to_pool, kX + "y: f32 1x1x3x1 = reduce(x) axes=1,3\nreturn y\n");
  expect_untouched(reduce_to_pool, kX + "y: f32 1x2x1x1 = reduce(x) axes=2,3 kind=sum\nreturn y\n");
}

}  // namespace
}  // namespace fovea
