#include "passes/fuse_activation.h"

#include <gtest/gtest.h>

#include "passes/fuse_pad.h"
#include "passes/fuse_residual.h"
#include "passes/recognize_activations.h"
#include "testing/rewrite_case.h"

namespace fovea {
namespace {

const std::string kConv =
    "input x: f32 1x1x4x4\n"
    "const w: f32 1x1x1x1 {2}\n"
    "c: f32 1x1x4x4 = conv2d(x, w)\n";

TEST(FuseActivation, IntoConvolutionGemmAndBinary) {
  expect_rewrite(fuse_activation, kConv + "y: f32 1x1x4x4 = unary(c) fn=clip:0:6\nreturn y\n",
                 "input x: f32 1x1x4x4\n"
                 "const w: f32 1x1x1x1 {2}\n"
                 "y: f32 1x1x4x4 = conv2d(x, w) name=\"c\" act=clip:0:6\n"
                 "return y\n");
  expect_rewrite(fuse_activation,
                 "input a: f32 2x3\ninput b: f32 2x3\ns: f32 2x3 = binary(a, b)\ny: f32 2x3 = unary(s) fn=silu\n"
                 "return y\n",
                 "input a: f32 2x3\ninput b: f32 2x3\ny: f32 2x3 = binary(a, b) name=\"s\" act=silu\nreturn y\n");
}

TEST(FuseActivation, NotWhereTheValueIsUsedAgain) {
  expect_untouched(fuse_activation, kConv + "y: f32 1x1x4x4 = unary(c) fn=relu\nreturn y, c\n");
}

TEST(FuseActivation, AsksTheTarget) {
  expect_untouched(fuse_activation, kConv + "y: f32 1x1x4x4 = unary(c) fn=mish\nreturn y\n", without("conv2d"));
}

TEST(FuseResidual, AddsIntoTheLaterConvolutionAndTakesTheActivation) {
  expect_rewrite(fuse_residual,
                 "input x: f32 1x1x4x4\n"
                 "const w: f32 1x1x1x1 {2}\n"
                 "const v: f32 1x1x1x1 {3}\n"
                 "a: f32 1x1x4x4 = conv2d(x, w)\n"
                 "b: f32 1x1x4x4 = conv2d(x, v)\n"
                 "y: f32 1x1x4x4 = binary(a, b) act=relu\n"
                 "return y\n",
                 "input x: f32 1x1x4x4\n"
                 "const w: f32 1x1x1x1 {2}\n"
                 "const v: f32 1x1x1x1 {3}\n"
                 "a: f32 1x1x4x4 = conv2d(x, w)\n"
                 "y: f32 1x1x4x4 = conv2d(x, v, _, a) name=\"b\" act=relu residual=1\n"
                 "return y\n");
}

TEST(FuseResidual, WaitsForAResidualThatIsMadeLater) {
  expect_rewrite(fuse_residual, kConv + "r: f32 1x1x4x4 = unary(x) fn=tanh\ny: f32 1x1x4x4 = binary(c, r)\nreturn y\n",
                 "input x: f32 1x1x4x4\n"
                 "const w: f32 1x1x1x1 {2}\n"
                 "r: f32 1x1x4x4 = unary(x) fn=tanh\n"
                 "y: f32 1x1x4x4 = conv2d(x, w, _, r) name=\"c\" residual=1\n"
                 "return y\n");
}

TEST(FuseResidual, NotThroughAnActivationNorBroadcastNorTwice) {
  expect_untouched(fuse_residual, kConv +
                                      "r: f32 1x1x4x4 = unary(x) fn=tanh\n"
                                      "m: f32 1x1x4x4 = unary(c) fn=relu\n"
                                      "y: f32 1x1x4x4 = binary(m, r)\nreturn y\n");
  expect_untouched(fuse_residual, kConv +
                                      "r: f32 1x1x1x1 = global_pool(x)\n"
                                      "y: f32 1x1x4x4 = binary(c, r)\nreturn y\n");
  expect_untouched(fuse_residual, kConv + "y: f32 1x1x4x4 = binary(c, c)\nreturn y\n");
}

TEST(FusePad, IntoConvolution) {
  expect_rewrite(fuse_pad,
                 "input x: f32 1x1x3x3\n"
                 "const w: f32 1x1x2x2 {1, 2, 3, 4}\n"
                 "p: f32 1x1x5x4 = pad(x) before=0,0,1,0 after=0,0,1,1\n"
                 "y: f32 1x1x6x5 = conv2d(p, w) pads=1,1,1,1\n"
                 "return y\n",
                 "input x: f32 1x1x3x3\n"
                 "const w: f32 1x1x2x2 {1, 2, 3, 4}\n"
                 "y: f32 1x1x6x5 = conv2d(x, w) pads=2,1,2,2\n"
                 "return y\n");
}

TEST(FusePad, AveragesCountThePaddingAndMaximaIgnoreIt) {
  expect_rewrite(fuse_pad,
                 "input x: f32 1x1x3x3\n"
                 "p: f32 1x1x5x5 = pad(x) before=0,0,1,1 after=0,0,1,1\n"
                 "y: f32 1x1x4x4 = pool(p) kind=average kernel=2,2\n"
                 "return y\n",
                 "input x: f32 1x1x3x3\n"
                 "y: f32 1x1x4x4 = pool(x) kind=average kernel=2,2 pads=1,1,1,1 count_include_pad=1\n"
                 "return y\n");
  expect_rewrite(fuse_pad,
                 "input x: f32 1x1x3x3\n"
                 "p: f32 1x1x5x5 = pad(x) before=0,0,1,1 after=0,0,1,1 value=-inf\n"
                 "y: f32 1x1x4x4 = pool(p) kernel=2,2\n"
                 "return y\n",
                 "input x: f32 1x1x3x3\n"
                 "y: f32 1x1x4x4 = pool(x) kernel=2,2 pads=1,1,1,1\n"
                 "return y\n");
}

TEST(FusePad, NotZerosUnderAMaximumNorNumbersUnderAConvolution) {
  expect_untouched(fuse_pad,
                   "input x: f32 1x1x3x3\n"
                   "p: f32 1x1x5x5 = pad(x) before=0,0,1,1 after=0,0,1,1\n"
                   "y: f32 1x1x4x4 = pool(p) kernel=2,2\n"
                   "return y\n");
  expect_untouched(fuse_pad,
                   "input x: f32 1x1x3x3\n"
                   "const w: f32 1x1x1x1 {1}\n"
                   "p: f32 1x1x5x5 = pad(x) before=0,0,1,1 after=0,0,1,1 value=1\n"
                   "y: f32 1x1x5x5 = conv2d(p, w)\n"
                   "return y\n");
}

std::string unary_of_x(const std::string& fn) {
  return "input x: f32 1x8\ny: f32 1x8 = unary(x) fn=" + fn + "\nreturn y\n";
}
const std::string kX = "input x: f32 1x8\n";

TEST(RecognizeActivations, Silu) {
  expect_rewrite(recognize_activations,
                 kX + "s: f32 1x8 = unary(x) fn=sigmoid\ny: f32 1x8 = binary(s, x) kind=mul\nreturn y\n",
                 unary_of_x("silu"));
}

TEST(RecognizeActivations, HardSwishInThreeSpellings) {
  const std::string six = "const three: f32 scalar {3}\nconst six: f32 scalar {6}\n";
  const std::string gate = "a: f32 1x8 = binary(x, three)\ng: f32 1x8 = unary(a) fn=clip:0:6\n";
  expect_rewrite(
      recognize_activations,
      kX + six + gate + "m: f32 1x8 = binary(x, g) kind=mul\ny: f32 1x8 = binary(m, six) kind=div\nreturn y\n",
      unary_of_x("hard_swish"));
  expect_rewrite(
      recognize_activations,
      kX + six + gate + "m: f32 1x8 = binary(g, six) kind=div\ny: f32 1x8 = binary(x, m) kind=mul\nreturn y\n",
      unary_of_x("hard_swish"));
  expect_rewrite(recognize_activations,
                 kX + "h: f32 1x8 = unary(x) fn=hard_sigmoid:0.16666667:0.5\ny: f32 1x8 = binary(x, h) kind=mul\n"
                      "return y\n",
                 unary_of_x("hard_swish"));
}

TEST(RecognizeActivations, Gelu) {
  const std::string numbers =
      "const half: f32 scalar {0.5}\nconst one: f32 scalar {1}\nconst root: f32 scalar {1.4142135}\n";
  const std::string gate =
      "d: f32 1x8 = binary(x, root) kind=div\ne: f32 1x8 = unary(d) fn=erf\ng: f32 1x8 = binary(e, one)\n";
  expect_rewrite(
      recognize_activations,
      kX + numbers + gate + "m: f32 1x8 = binary(x, g) kind=mul\ny: f32 1x8 = binary(m, half) kind=mul\nreturn y\n",
      unary_of_x("gelu"));
  expect_rewrite(
      recognize_activations,
      kX + numbers + gate + "h: f32 1x8 = binary(half, x) kind=mul\ny: f32 1x8 = binary(h, g) kind=mul\nreturn y\n",
      unary_of_x("gelu"));
}

TEST(RecognizeActivations, GeluByTanh) {
  expect_rewrite(recognize_activations,
                 kX + "const half: f32 scalar {0.5}\nconst one: f32 scalar {1}\nconst k: f32 scalar {0.044715}\n"
                      "const r: f32 scalar {0.79788456}\n"
                      "q: f32 1x8 = binary(x, x) kind=mul\n"
                      "c: f32 1x8 = binary(q, x) kind=mul\n"
                      "kc: f32 1x8 = binary(c, k) kind=mul\n"
                      "s: f32 1x8 = binary(x, kc)\n"
                      "u: f32 1x8 = binary(s, r) kind=mul\n"
                      "t: f32 1x8 = unary(u) fn=tanh\n"
                      "g: f32 1x8 = binary(t, one)\n"
                      "h: f32 1x8 = binary(x, half) kind=mul\n"
                      "y: f32 1x8 = binary(h, g) kind=mul\n"
                      "return y\n",
                 unary_of_x("gelu_tanh"));
}

TEST(RecognizeActivations, HardSigmoidAndRelu) {
  expect_rewrite(recognize_activations,
                 kX + "const three: f32 scalar {3}\nconst sixth: f32 scalar {0.25}\n"
                      "a: f32 1x8 = binary(x, three)\nc: f32 1x8 = unary(a) fn=clip:0:4\n"
                      "y: f32 1x8 = binary(c, sixth) kind=mul\nreturn y\n",
                 unary_of_x("hard_sigmoid:0.25:0.75"));
  expect_rewrite(recognize_activations,
                 kX + "const zero: f32 scalar {0}\ny: f32 1x8 = binary(x, zero) kind=max\nreturn y\n",
                 unary_of_x("relu"));
}

TEST(RecognizeActivations, LeavesGatesOfOtherValues) {
  expect_untouched(recognize_activations,
                   kX + "input z: f32 1x8\ns: f32 1x8 = unary(z) fn=sigmoid\ny: f32 1x8 = binary(s, x) kind=mul\n"
                        "return y\n");
}

}  // namespace
}  // namespace fovea
