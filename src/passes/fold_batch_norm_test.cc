#include "passes/fold_batch_norm.h"

#include <gtest/gtest.h>

#include "passes/batch_norm_to_conv.h"
#include "passes/fold_affine.h"
#include "testing/rewrite_case.h"

namespace fovea {
namespace {

// g = 6 / √(3.9999 + 1e-4… ) is 3 for the first channel, 1 for the second; ε is 0 here.
constexpr std::string_view kNorm =
    "const scale: f32 2 {6, 1}\n"
    "const bias: f32 2 {1, 0}\n"
    "const mean: f32 2 {2, 0}\n"
    "const var: f32 2 {4, 1}\n";

std::string with_norm(std::string_view rest) { return std::string(kNorm) + std::string(rest); }

TEST(FoldBatchNorm, IntoTheConvolutionInFront) {
  expect_rewrite(fold_batch_norm,
                 "input x: f32 1x1x3x3\n" + with_norm("const w: f32 2x1x1x1 {1, 2}\n"
                                                      "c: f32 1x2x3x3 = conv2d(x, w)\n"
                                                      "y: f32 1x2x3x3 = batch_norm(c, scale, bias, mean, var) "
                                                      "epsilon=0\n"
                                                      "return y\n"),
                 "input x: f32 1x1x3x3\n"
                 "const w: f32 2x1x1x1 {3, 2}\n"
                 "const c.bias: f32 2 {-5, 0}\n"
                 "y: f32 1x2x3x3 = conv2d(x, w, c.bias) name=\"c\"\n"
                 "return y\n");
}

TEST(FoldBatchNorm, IntoTheFullyConnectedLayerInFront) {
  expect_rewrite(fold_batch_norm,
                 "input x: f32 1x2\n" + with_norm("const w: f32 2x2 {1, 2, 3, 4}\n"
                                                  "const b: f32 1x2 {1, 1}\n"
                                                  "c: f32 1x2 = gemm(x, w, b) beta=2\n"
                                                  "y: f32 1x2 = batch_norm(c, scale, bias, mean, var) epsilon=0\n"
                                                  "return y\n"),
                 "input x: f32 1x2\n"
                 "const w: f32 2x2 {3, 2, 9, 4}\n"
                 "const b: f32 2 {1, 2}\n"
                 "y: f32 1x2 = gemm(x, w, b) name=\"c\"\n"
                 "return y\n");
}

TEST(FoldBatchNorm, IntoTheConvolutionBehindWithoutPadding) {
  expect_rewrite(fold_batch_norm,
                 "input x: f32 1x2x3x3\n" + with_norm("const w: f32 1x2x1x1 {1, 2}\n"
                                                      "n: f32 1x2x3x3 = batch_norm(x, scale, bias, mean, var) "
                                                      "epsilon=0\n"
                                                      "y: f32 1x1x3x3 = conv2d(n, w) act=relu\n"
                                                      "return y\n"),
                 "input x: f32 1x2x3x3\n"
                 "const w: f32 1x2x1x1 {3, 2}\n"
                 "const y.bias: f32 1 {-5}\n"
                 "y: f32 1x1x3x3 = conv2d(x, w, y.bias) act=relu\n"
                 "return y\n");
}

TEST(FoldBatchNorm, NotInFrontOfPadding) {
  expect_untouched(fold_batch_norm,
                   "input x: f32 1x2x3x3\n" + with_norm("const w: f32 1x2x1x1 {1, 2}\n"
                                                        "n: f32 1x2x3x3 = batch_norm(x, scale, bias, mean, var)\n"
                                                        "y: f32 1x1x5x5 = conv2d(n, w) pads=1,1,1,1\n"
                                                        "return y\n"));
}

TEST(FoldBatchNorm, NotThroughAnActivationOrASecondUse) {
  expect_untouched(fold_batch_norm,
                   "input x: f32 1x1x3x3\n" + with_norm("const w: f32 2x1x1x1 {1, 2}\n"
                                                        "c: f32 1x2x3x3 = conv2d(x, w) act=relu\n"
                                                        "y: f32 1x2x3x3 = batch_norm(c, scale, bias, mean, var)\n"
                                                        "return y\n"));
  expect_untouched(fold_batch_norm,
                   "input x: f32 1x1x3x3\n" + with_norm("const w: f32 2x1x1x1 {1, 2}\n"
                                                        "c: f32 1x2x3x3 = conv2d(x, w)\n"
                                                        "y: f32 1x2x3x3 = batch_norm(c, scale, bias, mean, var)\n"
                                                        "return y, c\n"));
}

TEST(FoldAffine, ScalesAndShiftsOfEveryKind) {
  expect_rewrite(fold_affine,
                 "input x: f32 1x1x3x3\n"
                 "const w: f32 2x1x1x1 {1, 2}\n"
                 "const g: f32 1x2x1x1 {2, 4}\n"
                 "const t: f32 2x1x1 {1, 3}\n"
                 "const one: f32 scalar {1}\n"
                 "c: f32 1x2x3x3 = conv2d(x, w)\n"
                 "m: f32 1x2x3x3 = binary(g, c) kind=mul\n"
                 "s: f32 1x2x3x3 = binary(one, m) kind=sub\n"
                 "y: f32 1x2x3x3 = binary(s, t) act=relu\n"
                 "return y\n",
                 "input x: f32 1x1x3x3\n"
                 "const w: f32 2x1x1x1 {-2, -8}\n"
                 "const c.bias: f32 2 {2, 4}\n"
                 "y: f32 1x2x3x3 = conv2d(x, w, c.bias) name=\"c\" act=relu\n"
                 "return y\n");
}

TEST(FoldAffine, LeavesWhatDiffersWithinAChannel) {
  expect_untouched(fold_affine,
                   "input x: f32 1x1x2x2\n"
                   "const w: f32 2x1x1x1 {1, 2}\n"
                   "const t: f32 2x2 {1, 3, 5, 7}\n"
                   "c: f32 1x2x2x2 = conv2d(x, w)\n"
                   "y: f32 1x2x2x2 = binary(c, t)\n"
                   "return y\n");
}

TEST(FoldAffine, AsksTheTarget) {
  expect_untouched(fold_affine,
                   "input x: f32 1x1x2x2\n"
                   "const w: f32 2x1x1x1 {1, 2}\n"
                   "const t: f32 scalar {1}\n"
                   "c: f32 1x2x2x2 = conv2d(x, w)\n"
                   "y: f32 1x2x2x2 = binary(c, t)\n"
                   "return y\n",
                   without("conv2d"));
}

TEST(BatchNormToConv, WhereItStandsAlone) {
  expect_rewrite(
      batch_norm_to_conv,
      "input x: f32 1x2x3x3\n" + with_norm("y: f32 1x2x3x3 = batch_norm(x, scale, bias, mean, var) epsilon=0\n"
                                           "return y\n"),
      "input x: f32 1x2x3x3\n"
      "const y.scale: f32 2x1x1x1 {3, 1}\n"
      "const y.shift: f32 2 {-5, 0}\n"
      "y: f32 1x2x3x3 = conv2d(x, y.scale, y.shift) groups=2\n"
      "return y\n");
}

}  // namespace
}  // namespace fovea
