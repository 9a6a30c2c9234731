#include "passes/sink_transposes.h"

#include <gtest/gtest.h>

#include "graph/text.h"
#include "passes/fold_pixels.h"
#include "passes/recognize_channel_shuffle.h"
#include "passes/recognize_layer_norm.h"
#include "passes/remove_identities.h"
#include "passes/split_to_slices.h"
#include "testing/rewrite_case.h"

/// The passes that take networks apart which were written channels last, or with shuffles and splits.
namespace fovea {
namespace {

const std::string kImage = "input x: f32 1x2x3x3\n";
const std::string kTurned = kImage + "t: f32 1x3x3x2 = transpose(x) perm=0,2,3,1\n";
const std::string kBack = "y: f32 1x3x3x2 = transpose(y.before) perm=0,2,3,1\nreturn y\n";

TEST(SinkTransposes, BehindElementsAxesAndConstants) {
  expect_rewrite(sink_transposes, kTurned + "y: f32 1x3x3x2 = unary(t) fn=gelu\nreturn y\n",
                 kImage + "y.before: f32 1x2x3x3 = unary(x) fn=gelu\n" + kBack);
  expect_rewrite(sink_transposes, kTurned + "const c: f32 2 {1, 2}\ny: f32 1x3x3x2 = binary(t, c) kind=mul\nreturn y\n",
                 kImage + "const c.turned: f32 1x2x1x1 {1, 2}\n" +
                     "y.before: f32 1x2x3x3 = binary(x, c.turned) kind=mul\n" + kBack);
  expect_rewrite(sink_transposes,
                 kTurned + "const w: f32 2 {1, 2}\ny: f32 1x3x3x2 = layer_norm(t, w, _) axes=3\nreturn y\n",
                 kImage + "const w: f32 2 {1, 2}\ny.before: f32 1x2x3x3 = layer_norm(x, w, _) axes=1\n" + kBack);
  expect_rewrite(sink_transposes, kTurned + "y: f32 1x1x1x2 = reduce(t) axes=1,2 kind=sum\nreturn y\n",
                 kImage + "y.before: f32 1x2x1x1 = reduce(x) kind=sum axes=2,3\n" +
                     "y: f32 1x1x1x2 = transpose(y.before) perm=0,2,3,1\nreturn y\n");
}

TEST(SinkTransposes, MatrixProductIsAConvolution) {
  expect_rewrite(
      sink_transposes, kTurned + "const w: f32 2x3 {1, 2, 3, 4, 5, 6}\ny: f32 1x3x3x3 = matmul(t, w)\nreturn y\n",
      kImage + "const w.filter: f32 3x2x1x1 {1, 4, 2, 5, 3, 6}\n" + "y.before: f32 1x3x3x3 = conv2d(x, w.filter, _)\n" +
          "y: f32 1x3x3x3 = transpose(y.before) perm=0,2,3,1\nreturn y\n");
}

TEST(SinkTransposes, NotBesideAnUnturnedValue) {
  const std::string other = "input z: f32 1x3x3x2\n";
  expect_untouched(sink_transposes, kImage + other + "t: f32 1x3x3x2 = transpose(x) perm=0,2,3,1\n" +
                                        "y: f32 1x3x3x2 = binary(t, z)\nreturn y\n");
  expect_untouched(sink_transposes, kTurned + "y: f32 1x18 = flatten(t)\nreturn y\n");
}

TEST(RemoveIdentities, TransposeOfOnesIsAReshape) {
  expect_rewrite(remove_identities, "input x: f32 2x3x1x1\ny: f32 2x1x1x3 = transpose(x) perm=0,2,3,1\nreturn y\n",
                 "input x: f32 2x3x1x1\ny: f32 2x1x1x3 = reshape(x) dims=0,1,1,3\nreturn y\n");
}

TEST(RecognizeLayerNorm, WrittenOutWithItsParameters) {
  expect_rewrite(recognize_layer_norm, R"(input x: f32 2x3x4
const e: f32 scalar {0.01}
const two: f32 scalar {2}
const w: f32 4 {1, 2, 3, 4}
const b: f32 4 {0, 1, 0, 1}
m: f32 2x3x1 = reduce(x) axes=2
d: f32 2x3x4 = binary(x, m) kind=sub
s: f32 2x3x4 = binary(d, two) kind=pow
v: f32 2x3x1 = reduce(s) axes=2
a: f32 2x3x1 = binary(v, e)
r: f32 2x3x1 = unary(a) fn=sqrt
n: f32 2x3x4 = binary(d, r) kind=div
k: f32 2x3x4 = binary(n, w) kind=mul
y: f32 2x3x4 = binary(k, b)
return y
)",
                 R"(input x: f32 2x3x4
const w_1: f32 4 {1, 2, 3, 4}
const b_1: f32 4 {0, 1, 0, 1}
y: f32 2x3x4 = layer_norm(x, w_1, b_1) name="n" axes=2 epsilon=0.01
return y
)");
}

TEST(RecognizeLayerNorm, NotWhereTheMeansDiffer) {
  expect_untouched(recognize_layer_norm, R"(input x: f32 2x3x4
const e: f32 scalar {0.01}
m: f32 2x3x1 = reduce(x) axes=2
d: f32 2x3x4 = binary(x, m) kind=sub
s: f32 2x3x4 = binary(d, d) kind=mul
v: f32 2x1x4 = reduce(s) axes=1
a: f32 2x1x4 = binary(v, e)
r: f32 2x1x4 = unary(a) fn=sqrt
y: f32 2x3x4 = binary(d, r) kind=div
return y
)");
}

TEST(RecognizeChannelShuffle, ReshapeTransposeReshape) {
  const std::string x = "input x: f32 1x6x2x2\n";
  expect_rewrite(
      recognize_channel_shuffle,
      x + "a: f32 1x3x2x2x2 = reshape(x) dims=0,3,2,2,2\n" +
          "b: f32 1x2x3x2x2 = transpose(a) perm=0,2,1,3,4\ny: f32 1x6x2x2 = reshape(b) dims=0,-1,2,2\nreturn y\n",
      x + "y: f32 1x6x2x2 = channel_shuffle(x) groups=3\nreturn y\n");
  expect_untouched(
      recognize_channel_shuffle,
      x + "a: f32 1x3x2x2x2 = reshape(x) dims=0,3,2,2,2\n" +
          "b: f32 1x3x2x2x2 = transpose(a) perm=0,1,2,4,3\ny: f32 1x6x2x2 = reshape(b) dims=0,-1,2,2\nreturn y\n");
}

TEST(SplitToSlices, EachPartByItself) {
  expect_rewrite(split_to_slices, "input x: f32 1x5\na: f32 1x2, b: f32 1x3 = split(x) axis=1 sizes=2,3\nreturn a, b\n",
                 "input x: f32 1x5\na: f32 1x2 = slice(x) name=\"a.0\" axes=1 starts=0 ends=2 steps=1\n"
                 "b: f32 1x3 = slice(x) name=\"a.1\" axes=1 starts=2 ends=5 steps=1\nreturn a, b\n");
}

TEST(FoldPixels, TheModelsOwnNormalisation) {
  const std::string x = "input x: u8 1x2x2x3\n";
  expect_rewrite(fold_pixels,
                 x + "const m: f32 1x3x1x1 {1, 2, 3}\nconst d: f32 1x3x1x1 {2, 2, 4}\n" +
                     "p: f32 1x3x2x2 = pixels_to_tensor(x) scale=1\ns: f32 1x3x2x2 = binary(p, m) kind=sub\n" +
                     "y: f32 1x3x2x2 = binary(s, d) kind=div\nreturn y\n",
                 x + "y: f32 1x3x2x2 = pixels_to_tensor(x) name=\"p\" scale=1 mean=1,2,3 std=2,2,4\nreturn y\n");
}

}  // namespace
}  // namespace fovea
