#include "passes/fold_quantization.h"

#include <gtest/gtest.h>

#include "graph/text.h"
#include "graph/verify.h"
#include "passes/lower_precision.h"
#include "passes/merge_reformats.h"
#include "passes/propagate_quantization.h"
#include "passes/rewrite.h"
#include "passes/type_quantization.h"
#include "testing/graph_random.h"
#include "testing/rewrite_case.h"

namespace fovea {
namespace {

bool after_precision(Graph& graph, const PassContext& context) {
  run_passes(graph, passes_after_precision(), context);
  return true;
}

const std::string kScales =
    "const sx: f32 scalar {0.02}\nconst sy: f32 scalar {0.05}\nconst zy: u8 scalar {3}\nconst sw: f32 2 {0.5, 0.25}\n";

TEST(FoldQuantization, AConvolutionBetweenQuantizeAndDequantizeRunsInEightBits) {
  expect_rewrite(after_precision,
                 "input x: f32 1x1x3x3\n" + kScales +
                     "const w: s8 2x1x1x1 {4, -8}\n"
                     "const bq: s32 2 {100, -50}\nconst sb: f32 2 {0.01, 0.005}\n"
                     "q: s8 1x1x3x3 = quantize(x, sx)\n"
                     "d: f32 1x1x3x3 = dequantize(q, sx)\n"
                     "wd: f32 2x1x1x1 = dequantize(w, sw) axis=0\n"
                     "b: f32 2 = dequantize(bq, sb) axis=0\n"
                     "c: f32 1x2x3x3 = conv2d(d, wd, b) act=relu\n"
                     "r: u8 1x2x3x3 = quantize(c, sy, zy) to=u8\n"
                     "y: f32 1x2x3x3 = dequantize(r, sy, zy)\n"
                     "return y\n",
                 "input x: f32 1x1x3x3\n"
                 "const w: s8 2x1x1x1 @axis0[0.5,0.25] {4, -8}\n"
                 "const b: f32 2 {1, -0.25}\n"
                 "q: s8 1x1x3x3 @0.02 = identity(x)\n"
                 "r: u8 1x2x3x3 @0.05:3 = conv2d(q, w, b) name=\"c\" act=relu\n"
                 "y: f32 1x2x3x3 = identity(r)\n"
                 "return y\n");
}

TEST(FoldQuantization, Float8IsATypeLikeTheWholeNumbers) {
  expect_rewrite(after_precision,
                 "input x: f32 1x1x3x3\n" + kScales +
                     "const w: f8e4m3 2x1x1x1 {4, -8}\nconst z: f8e4m3 scalar {0}\n"
                     "q: f8e4m3 1x1x3x3 = quantize(x, sx, z) to=f8e4m3\n"
                     "d: f32 1x1x3x3 = dequantize(q, sx, z)\n"
                     "wd: f32 2x1x1x1 = dequantize(w, sw) axis=0\n"
                     "c: f32 1x2x3x3 = conv2d(d, wd) act=relu\n"
                     "r: f8e4m3 1x2x3x3 = quantize(c, sy, z) to=f8e4m3\n"
                     "y: f32 1x2x3x3 = dequantize(r, sy, z)\n"
                     "return y\n",
                 "input x: f32 1x1x3x3\n"
                 "const w: f8e4m3 2x1x1x1 @axis0[0.5,0.25] {4, -8}\n"
                 "q: f8e4m3 1x1x3x3 @0.02 = identity(x)\n"
                 "r: f8e4m3 1x2x3x3 @0.05 = conv2d(q, w) name=\"c\" act=relu\n"
                 "y: f32 1x2x3x3 = identity(r)\n"
                 "return y\n");
}

TEST(FoldQuantization, AResidualStaysFloatWhereTheTargetWantsIt) {
  const std::string before = "input x: f32 1x1x3x3\n" + kScales +
                             "const w: s8 1x1x1x1 {4}\n"
                             "q: s8 1x1x3x3 = quantize(x, sx)\n"
                             "d: f32 1x1x3x3 = dequantize(q, sx)\n"
                             "wd: f32 1x1x1x1 = dequantize(w, sx)\n"
                             "c: f32 1x1x3x3 = conv2d(d, wd, _, d) residual=1\n"
                             "r: u8 1x1x3x3 = quantize(c, sy, zy) to=u8\n"
                             "y: f32 1x1x3x3 = dequantize(r, sy, zy)\n"
                             "return y\n";
  const std::string start = "input x: f32 1x1x3x3\nconst w: s8 1x1x1x1 @0.02 {4}\nq: s8 1x1x3x3 @0.02 = identity(x)\n";
  const std::string end = "y: f32 1x1x3x3 = identity(r)\nreturn y\n";
  expect_rewrite(after_precision, before,
                 start + "r: u8 1x1x3x3 @0.05:3 = conv2d(q, w, _, q) name=\"c\" residual=1\n" + end);
  const PassContext wide_residual = {[](const Graph& graph, const Node& node) {
    const auto* conv = std::get_if<Conv2d>(&node.op);
    return !conv || !conv->residual || graph.input_of(node, 3).dtype == DType::kF32;
  }};
  expect_rewrite(after_precision, before,
                 start +
                     "d: f32 1x1x3x3 = identity(q)\n"
                     "r: u8 1x1x3x3 @0.05:3 = conv2d(q, w, _, d) name=\"c\" residual=1\n" +
                     end,
                 wide_residual);
}

TEST(FoldQuantization, LayersWithoutWeightsNeedBothSides) {
  expect_rewrite(after_precision,
                 "input a: f32 1x4\ninput b: f32 1x4\n" + kScales +
                     "qa: s8 1x4 = quantize(a, sx)\nda: f32 1x4 = dequantize(qa, sx)\n"
                     "qb: s8 1x4 = quantize(b, sy)\ndb: f32 1x4 = dequantize(qb, sy)\n"
                     "s: f32 1x4 = binary(da, db) act=relu\n"
                     "q: u8 1x4 = quantize(s, sy, zy) to=u8\ny: f32 1x4 = dequantize(q, sy, zy)\n"
                     "return y\n",
                 "input a: f32 1x4\ninput b: f32 1x4\n"
                 "qa: s8 1x4 @0.02 = identity(a)\nqb: s8 1x4 @0.05 = identity(b)\n"
                 "q: u8 1x4 @0.05:3 = binary(qa, qb) name=\"s\" act=relu\n"
                 "y: f32 1x4 = identity(q)\n"
                 "return y\n");
  expect_rewrite(after_precision,
                 "input a: f32 1x4\n" + kScales +
                     "qa: s8 1x4 = quantize(a, sx)\nda: f32 1x4 = dequantize(qa, sx)\n"
                     "y: f32 1x4 = unary(da) fn=tanh\nreturn y\n",
                 "input a: f32 1x4\nqa: s8 1x4 @0.02 = identity(a)\nda: f32 1x4 = identity(qa)\n"
                 "y: f32 1x4 = unary(da) fn=tanh\nreturn y\n");
}

TEST(TypeQuantization, LeavesPairsThatDisagree) {
  expect_untouched(type_quantization, "input a: f32 1x4\n" + kScales +
                                          "q: s8 1x4 = quantize(a, sx)\ny: f32 1x4 = dequantize(q, sy)\nreturn y\n");
}

TEST(TypeQuantization, CarriesThroughNodesThatMoveIntegers) {
  expect_rewrite(type_quantization,
                 "input x: f32 1x1x4x4\n" + kScales +
                     "q: s8 1x1x4x4 = quantize(x, sx)\n"
                     "f: s8 1x16 = flatten(q)\n"
                     "y: f32 1x16 = dequantize(f, sx)\nreturn y\n",
                 "input x: f32 1x1x4x4\nq: s8 1x1x4x4 @0.02 = identity(x)\nf: s8 1x16 @0.02 = flatten(q)\n"
                 "y: f32 1x16 = identity(f)\nreturn y\n");
}

TEST(PropagateQuantization, MovesUpThroughPoolingAndConcat) {
  expect_rewrite(propagate_quantization,
                 "input x: f32 1x1x4x4\ninput z: f32 1x1x2x2\n"
                 "p: f32 1x1x2x2 = pool(x) kernel=2,2 strides=2,2\n"
                 "c: f32 1x2x2x2 = concat(p, z)\n"
                 "q: s8 1x2x2x2 @0.02 = identity(c)\nreturn q\n",
                 "input x: f32 1x1x4x4\ninput z: f32 1x1x2x2\n"
                 "x.q: s8 1x1x4x4 @0.02 = identity(x)\n"
                 "p.q: s8 1x1x2x2 @0.02 = pool(x.q) name=\"p\" kernel=2,2 strides=2,2\n"
                 "z.q: s8 1x1x2x2 @0.02 = identity(z)\n"
                 "q: s8 1x2x2x2 @0.02 = concat(p.q, z.q) name=\"c\"\nreturn q\n");
}

TEST(PropagateQuantization, MovesDownThroughPooling) {
  expect_rewrite(propagate_quantization,
                 "input x: f32 1x1x4x4\nq: s8 1x1x4x4 @0.02 = identity(x)\nd: f32 1x1x4x4 = identity(q)\n"
                 "y: f32 1x1x2x2 = pool(d) kernel=2,2 strides=2,2\nreturn y\n",
                 "input x: f32 1x1x4x4\nq: s8 1x1x4x4 @0.02 = identity(x)\n"
                 "y.q: s8 1x1x2x2 @0.02 = pool(q) kernel=2,2 strides=2,2\ny: f32 1x1x2x2 = identity(y.q)\nreturn y\n");
}

TEST(MergeReformats, PairsThroughFloatAndIntoProducers) {
  expect_rewrite(merge_reformats,
                 "input x: f32 1x4\na: s8 1x4 @0.02 = identity(x)\nb: f32 1x4 = identity(a)\n"
                 "y: u8 1x4 @0.05 = identity(b)\nreturn y\n",
                 "input x: f32 1x4\na: s8 1x4 @0.02 = identity(x)\ny: u8 1x4 @0.05 = identity(a)\nreturn y\n");
  expect_rewrite(merge_reformats,
                 "input x: f32 1x4\na: f32 1x4 = unary(x) fn=tanh\ny: bf16 1x4 = identity(a)\nreturn y\n",
                 "input x: f32 1x4\ny: bf16 1x4 = unary(x) name=\"a\" fn=tanh\nreturn y\n");
}

TEST(MergeReformats, KeepsRoundingThatWasAskedFor) {
  expect_untouched(merge_reformats,
                   "input x: f32 1x4\na: bf16 1x4 = identity(x)\ny: f32 1x4 = identity(a)\nreturn y\n");
}

TEST(LowerPrecision, ConvertsAtTheBordersOnly) {
  const std::string text =
      "input x: f32 1x1x2x2\nconst w: f32 1x1x1x1 {1.01}\nconst b: f32 1 {0.3}\n"
      "a: f32 1x1x2x2 = conv2d(x, w, b)\n"
      "c: f32 1x1x2x2 = conv2d(a, w, b)\n"
      "y: f32 1x1x2x2 = unary(c) fn=tanh\nreturn y\n";
  Graph graph = parse_graph(text);
  const auto lowered = lower_precision(graph, {"a", "c"}, DType::kBF16, {});
  EXPECT_EQ(lowered, (std::vector<std::string>{"a", "c"}));
  verify(graph);
  expect_same_results(parse_graph(text), graph, 2e-2);
  run_passes(graph, passes_after_precision(), {});
  Graph expected = parse_graph(
      "input x: f32 1x1x2x2\nconst b: f32 1 {0.3}\nconst w.bf16: bf16 1x1x1x1 {1.0078125}\n"
      "x.bf16: bf16 1x1x2x2 = identity(x)\n"
      "a: bf16 1x1x2x2 = conv2d(x.bf16, w.bf16, b)\n"
      "c.f32: f32 1x1x2x2 = conv2d(a, w.bf16, b) name=\"c\"\n"
      "y: f32 1x1x2x2 = unary(c.f32) fn=tanh\nreturn y\n");
  graph.compact();
  expected.compact();
  EXPECT_EQ(print(graph), print(expected));
}

TEST(LowerPrecision, SaysWhatTheTargetDoesNotRun) {
  Graph graph = parse_graph("input x: f32 1x4\ny: f32 1x4 = unary(x) fn=tanh\nreturn y\n");
  EXPECT_TRUE(lower_precision(graph, {"y"}, DType::kBF16, without("unary")).empty());
  EXPECT_EQ(graph.nodes().size(), 1U);
}

TEST(LowerPrecision, RandomNetsStayNear) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const Graph original = random_cnn(seed);
    Graph graph = original;
    std::set<std::string> all;
    for (const Node& node : graph.nodes()) all.insert(node.name);
    EXPECT_GT(lower_precision(graph, all, DType::kBF16, {}).size(), 3U);
    run_passes(graph, passes_after_precision(), {});
    expect_same_results(original, graph, 8e-2);
  }
}

}  // namespace
}  // namespace fovea
