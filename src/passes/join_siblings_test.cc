#include "passes/join_siblings.h"

#include <gtest/gtest.h>

#include "graph/text.h"
#include "testing/rewrite_case.h"

namespace fovea {
namespace {

const std::string kWeights =
    "input x: f32 1x2x2x2\n"
    "const v: f32 1x2x1x1 {1, 2}\n"
    "const w: f32 2x2x1x1 {3, 4, 5, 6}\n";

TEST(JoinSiblings, IntoOneConvolutionAndSlices) {
  expect_rewrite(join_siblings,
                 kWeights +
                     "const c: f32 1 {0.5}\n"
                     "const d: f32 2 {1.5, 2.5}\n"
                     "a: f32 1x1x2x2 = conv2d(x, v, c) act=relu\n"
                     "t: f32 1x1x2x2 = unary(a) fn=tanh\n"
                     "b: f32 1x2x2x2 = conv2d(x, w, d) act=relu\n"
                     "u: f32 1x2x2x2 = unary(b) fn=tanh\n"
                     "return t, u\n",
                 "input x: f32 1x2x2x2\n"
                 "const \"v+w\": f32 3x2x1x1 {1, 2, 3, 4, 5, 6}\n"
                 "const \"c+d\": f32 3 {0.5, 1.5, 2.5}\n"
                 "\"a+b\": f32 1x3x2x2 = conv2d(x, \"v+w\", \"c+d\") act=relu\n"
                 "a: f32 1x1x2x2 = slice(\"a+b\") axes=1 starts=0 ends=1 steps=1\n"
                 "b: f32 1x2x2x2 = slice(\"a+b\") axes=1 starts=1 ends=3 steps=1\n"
                 "t: f32 1x1x2x2 = unary(a) fn=tanh\n"
                 "u: f32 1x2x2x2 = unary(b) fn=tanh\n"
                 "return t, u\n");
}

TEST(JoinSiblings, WholeBlocksFirst) {
  const std::vector<std::vector<std::string>> expected = {{"b", "a"}};
  const Graph graph = parse_graph(
      "input x: f32 1x1x2x2\n"
      "const v: f32 2x1x1x1 {1, 2}\n"
      "const w: f32 16x1x1x1 {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}\n"
      "a: f32 1x2x2x2 = conv2d(x, v)\n"
      "b: f32 1x16x2x2 = conv2d(x, w)\n"
      "t: f32 1x2x2x2 = unary(a) fn=tanh\n"
      "u: f32 1x16x2x2 = unary(b) fn=tanh\n"
      "return t, u\n");
  EXPECT_EQ(sibling_convolutions(graph), expected);
}

TEST(JoinSiblings, KeepsTheScalesOfEachPart) {
  expect_rewrite(join_siblings,
                 "input x: u8 1x1x2x2 @ 0.5\n"
                 "const v: s8 1x1x1x1 @ 0.25 {3}\n"
                 "const w: s8 2x1x1x1 @axis0[0.5,0.125] {4, 5}\n"
                 "a: u8 1x1x2x2 @ 2 = conv2d(x, v)\n"
                 "b: u8 1x2x2x2 @ 2 = conv2d(x, w)\n"
                 "y: f32 1x1x2x2 = unary(a) fn=tanh\n"
                 "z: f32 1x2x2x2 = unary(b) fn=tanh\n"
                 "return y, z\n",
                 "input x: u8 1x1x2x2 @ 0.5\n"
                 "const \"v+w\": s8 3x1x1x1 @axis0[0.25,0.5,0.125] {3, 4, 5}\n"
                 "\"a+b\": u8 1x3x2x2 @ 2 = conv2d(x, \"v+w\")\n"
                 "a: u8 1x1x2x2 @ 2 = slice(\"a+b\") axes=1 starts=0 ends=1 steps=1\n"
                 "b: u8 1x2x2x2 @ 2 = slice(\"a+b\") axes=1 starts=1 ends=3 steps=1\n"
                 "y: f32 1x1x2x2 = unary(a) fn=tanh\n"
                 "z: f32 1x2x2x2 = unary(b) fn=tanh\n"
                 "return y, z\n");
}

TEST(JoinSiblings, OnlyWhereNothingButTheWeightsDiffers) {
  const auto untouched = [](const std::string& a, const std::string& b) {
    expect_untouched(join_siblings, kWeights +
                                        "const k: f32 2x2x1x2 {1, 2, 3, 4, 5, 6, 7, 8}\n"
                                        "const c: f32 1 {0.5}\n"
                                        "input z: f32 1x2x2x2\n" +
                                        a + b +
                                        "t: f32 1x1x2x2 = unary(a) fn=tanh\n"
                                        "u: f32 1x2x2x2 = unary(b) fn=tanh\n"
                                        "return t, u\n");
  };
  const std::string a = "a: f32 1x1x2x2 = conv2d(x, v)\n";
  untouched(a, "b: f32 1x2x2x2 = conv2d(x, w) act=relu\n");
  untouched(a, "b: f32 1x2x2x2 = conv2d(z, w)\n");
  untouched(a, "b: f32 1x2x2x2 = conv2d(x, k) pads=0,0,0,1\n");
  untouched(a, "b: f32 1x2x2x2 = conv2d(x, w, _, z) residual=1\n");
  untouched("a: f32 1x1x2x2 = conv2d(x, v, c)\n", "b: f32 1x2x2x2 = conv2d(x, w)\n");
}

}  // namespace
}  // namespace fovea
