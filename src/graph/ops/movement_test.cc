#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/error.h"
#include "graph/op.h"
#include "testing/graph_random.h"
#include "testing/op_check.h"

/// The ops that only move elements: any dtype, no arithmetic.
namespace fovea {
namespace {

constexpr auto kLeast = std::numeric_limits<std::int64_t>::min(), kMost = std::numeric_limits<std::int64_t>::max();

void expect_longs(const Tensor& tensor, const Shape& shape, const std::vector<std::int64_t>& values) {
  EXPECT_TRUE(tensor.same(longs(shape, values))) << tensor.shape().str();
}

TEST(ChannelShuffle, ReadsByColumns) {
  expect_longs(run_op(ChannelShuffle{2}, {longs({1, 6, 1, 1}, {0, 1, 2, 3, 4, 5})}), {1, 6, 1, 1}, {0, 3, 1, 4, 2, 5});
  expect_longs(run_op(ChannelShuffle{2}, {longs({1, 4, 2}, {0, 1, 2, 3, 4, 5, 6, 7})}), {1, 4, 2},
               {0, 1, 4, 5, 2, 3, 6, 7});
  EXPECT_EQ(shape_rule(ChannelShuffle{4}, {{1, 6, 1, 1}}), "[channel_shuffle] 4 groups of 6 channels");
}

TEST(ArgMax, FirstOrLastOfEquals) {
  const Tensor x = floats({2, 3}, {1, 3, 3, 4, 2, 0});
  expect_longs(run_op(ArgMax{1, true, false}, {x}), {2, 1}, {1, 0});
  expect_longs(run_op(ArgMax{1, false, true}, {x}), {2}, {2, 0});
  expect_longs(run_op(ArgMax{0, false, false}, {x}), {3}, {1, 0, 0});
}

TEST(Resize, NearestAndLinear) {
  const Tensor x = floats({1, 2}, {1, 3});
  Resize op;
  op.scales = {1, 2};
  expect_close(run_op(op, {x}), floats({1, 4}, {1, 1, 3, 3}), 0);
  op.mode = ResizeKind::kLinear;
  expect_close(run_op(op, {x}), floats({1, 4}, {1, 1.5F, 2.5F, 3}), 1e-6);
  op.place = ResizePlace::kAlignCorners;
  expect_close(run_op(op, {x}), floats({1, 4}, {1, 5 / 3.0F, 7 / 3.0F, 3}), 1e-6);
  op = {};
  op.sizes = {0, 1};
  op.mode = ResizeKind::kLinear;
  op.antialias = true;
  expect_close(run_op(op, {floats({2, 4}, {1, 1, 3, 3, 0, 0, 0, 8})}), floats({2, 1}, {2, 2.25F}),
               1e-6);  // taps ⅛ … ⅛ of 4, edges repeated
  EXPECT_EQ(shape_rule(Resize{}, {{1, 2}}), "[resize] neither sizes nor scales are given");
}

TEST(Concat, AlongEachAxis) {
  const Tensor a = longs({2, 2}, {1, 2, 3, 4}), b = longs({2, 1}, {5, 6}), c = longs({1, 2}, {7, 8});
  expect_longs(run_op(Concat{1}, {a, b}), {2, 3}, {1, 2, 5, 3, 4, 6});
  expect_longs(run_op(Concat{0}, {a, c}), {3, 2}, {1, 2, 3, 4, 7, 8});
  expect_longs(run_op(Concat{0}, {longs({0, 2}, {}), c}), {1, 2}, {7, 8});
  EXPECT_EQ(shape_rule(Concat{1}, {{1, 2, 3}, {1, 2, 4}}),
            "[concat] joins 1x2x3 and 1x2x4 along axis 1, expected equal other dimensions");
  EXPECT_EQ(shape_rule(Concat{2}, {{1, 2}}), "[concat] axis 2 is outside an input of rank 2");
  EXPECT_EQ(shape_rule(Concat{0}, {}), "[concat] has no inputs");
  EXPECT_THROW(run_op(Concat{0}, {a, floats({1, 2}, {7, 8})}), Error);
}

TEST(Split, IntoUnevenParts) {
  const std::vector<Tensor> parts = run_op_all(Split{1, {1, 0, 2}}, {longs({2, 3}, {1, 2, 3, 4, 5, 6})});
  ASSERT_EQ(parts.size(), 3U);
  expect_longs(parts[0], {2, 1}, {1, 4});
  expect_longs(parts[1], {2, 0}, {});
  expect_longs(parts[2], {2, 2}, {2, 3, 5, 6});
  EXPECT_EQ(shape_rule(Split{0, {1, 2}}, {{4}}), "[split] sizes leave 1 of the dimension of 4");
  EXPECT_EQ(shape_rule(Split{0, {3, 2}}, {{4}}), "[split] sizes do not add up to the dimension of 4");
  EXPECT_EQ(shape_rule(Split{0, {-1, 5}}, {{4}}), "[split] sizes do not add up to the dimension of 4");
}

TEST(Slice, StartsEndsAndSteps) {
  const Tensor x = longs({6}, {0, 1, 2, 3, 4, 5});
  const auto cut = [&](std::int64_t start, std::int64_t end, std::int64_t step) {
    return run_op(Slice{{0}, {start}, {end}, {step}}, {x});
  };
  expect_longs(cut(1, 5, 2), {2}, {1, 3});
  expect_longs(cut(-3, kMost, 1), {3}, {3, 4, 5});
  expect_longs(cut(0, -1, 1), {5}, {0, 1, 2, 3, 4});
  expect_longs(cut(-1, kLeast, -1), {6}, {5, 4, 3, 2, 1, 0});
  expect_longs(cut(kMost, 0, -2), {3}, {5, 3, 1});
  expect_longs(cut(4, -6, -3), {2}, {4, 1});
  expect_longs(cut(10, 20, 1), {0}, {});
  expect_longs(cut(3, 1, 1), {0}, {});
  expect_longs(cut(1, 3, -1), {0}, {});
  expect_longs(cut(-100, 2, 1), {2}, {0, 1});
  expect_longs(cut(-100, kLeast, -1), {1}, {0});
  expect_longs(cut(2, kMost, kMost), {1}, {2});
  expect_longs(cut(2, kLeast, kLeast), {1}, {2});
  expect_longs(run_op(Slice{{1}, {1}, {2}, {}}, {longs({2, 2}, {1, 2, 3, 4})}), {2, 1}, {2, 4});
  expect_longs(run_op(Slice{{1, 0}, {0, 1}, {1, 2}, {1, 1}}, {longs({2, 2}, {1, 2, 3, 4})}), {1, 1}, {3});
  expect_longs(run_op(Slice{{0}, {0}, {5}, {}}, {longs({0}, {})}), {0}, {});
  expect_longs(run_op(Slice{{0}, {-1}, {kLeast}, {-1}}, {longs({0}, {})}), {0}, {});
  EXPECT_EQ(shape_rule(Slice{{0}, {0}, {1}, {0}}, {{4}}), "[slice] step is 0");
  EXPECT_EQ(shape_rule(Slice{{0, 0}, {0, 0}, {1, 1}, {}}, {{4}}), "[slice] axis 0 is named twice");
  EXPECT_EQ(shape_rule(Slice{{0}, {0, 1}, {1}, {}}, {{4}}),
            "[slice] 1 axes, 2 starts, 1 ends, 0 steps, expected as many of each");
}

TEST(Reshape, CopiesAndInfersDimensions) {
  expect_longs(run_op(Reshape{{0, -1}}, {longs({2, 1, 2}, {1, 2, 3, 4})}), {2, 2}, {1, 2, 3, 4});
  EXPECT_EQ(shape_rule(Reshape{{}}, {{1, 1}}), "scalar");
  EXPECT_EQ(shape_rule(Reshape{{3, 4}}, {{2, 5}}), "[reshape] 2x5 has 10 elements, 3x4 has 12");
  EXPECT_EQ(shape_rule(Reshape{{3, -1}}, {{2, 5}}), "[reshape] 2x5 does not divide into 3x-1");
  EXPECT_EQ(shape_rule(Reshape{{-1, -1}}, {{2, 5}}), "[reshape] two dimensions of -1x-1 are left open");
  EXPECT_EQ(shape_rule(Reshape{{-2}}, {{2}}), "[reshape] dimension 0 of -2 is negative");
  EXPECT_EQ(shape_rule(Reshape{{2, 0}}, {{2}}), "[reshape] dimension 1 is copied from an input of rank 1");
}

TEST(Flatten, AtEachAxis) {
  EXPECT_EQ(shape_rule(Flatten{}, {{2, 3, 4, 5}}), "2x60");
  EXPECT_EQ(shape_rule(Flatten{0}, {{2, 3, 4, 5}}), "1x120");
  EXPECT_EQ(shape_rule(Flatten{4}, {{2, 3, 4, 5}}), "120x1");
  EXPECT_EQ(shape_rule(Flatten{5}, {{2, 3, 4, 5}}), "[flatten] axis 5 is outside [0, 4]");
  EXPECT_EQ(shape_rule(Flatten{-1}, {{2, 3}}), "[flatten] axis -1 is outside [0, 2]");
}

TEST(Squeeze, TakesAndGivesAxes) {
  EXPECT_EQ(shape_rule(Squeeze{{0, 2}}, {{1, 3, 1, 1}}), "3x1");
  EXPECT_EQ(shape_rule(Squeeze{{1}}, {{1, 3}}), "[squeeze] axis 1 of 1x3 is not of size 1");
  EXPECT_EQ(shape_rule(Unsqueeze{{0, 3}}, {{2, 3}}), "1x2x3x1");
  EXPECT_EQ(shape_rule(Unsqueeze{{4}}, {{2, 3}}), "[unsqueeze] axis 4 is outside an input of rank 3");
  EXPECT_EQ(shape_rule(Unsqueeze{{0}}, {Shape(std::vector<std::int64_t>(64, 1))}),
            "[unsqueeze] output has rank 65, expected at most 64");
  expect_longs(run_op(Unsqueeze{{1}}, {longs({2}, {1, 2})}), {2, 1}, {1, 2});
  expect_longs(run_op(Squeeze{{1}}, {longs({2, 1}, {1, 2})}), {2}, {1, 2});
}

TEST(Transpose, Permutes) {
  expect_longs(run_op(Transpose{{1, 0}}, {longs({2, 3}, {1, 2, 3, 4, 5, 6})}), {3, 2}, {1, 4, 2, 5, 3, 6});
  expect_longs(run_op(Transpose{{2, 0, 1}}, {longs({1, 2, 3}, {1, 2, 3, 4, 5, 6})}), {3, 1, 2}, {1, 4, 2, 5, 3, 6});
  EXPECT_EQ(shape_rule(Transpose{{0, 2, 3, 1}}, {{1, 2, 3, 4}}), "1x3x4x2");
  EXPECT_EQ(shape_rule(Transpose{{0, 0}}, {{1, 2}}), "[transpose] axis 0 is named twice");
  EXPECT_EQ(shape_rule(Transpose{{0}}, {{1, 2}}), "[transpose] permutation has 1 axes, input is 1x2");
}

TEST(Pad, EveryMode) {
  const Tensor x = longs({3}, {1, 2, 3});
  const auto pad = [&](PadMode mode, std::int64_t before, std::int64_t after) {
    return run_op(Pad{{before}, {after}, mode, 9}, {x});
  };
  expect_longs(pad(PadMode::kConstant, 1, 2), {6}, {9, 1, 2, 3, 9, 9});
  expect_longs(pad(PadMode::kReflect, 2, 2), {7}, {3, 2, 1, 2, 3, 2, 1});
  expect_longs(pad(PadMode::kReflect, 5, 0), {8}, {2, 1, 2, 3, 2, 1, 2, 3});
  expect_longs(pad(PadMode::kEdge, 2, 1), {6}, {1, 1, 1, 2, 3, 3});
  expect_longs(pad(PadMode::kWrap, 2, 4), {9}, {2, 3, 1, 2, 3, 1, 2, 3, 1});
  expect_longs(pad(PadMode::kConstant, -1, 1), {3}, {2, 3, 9});
  expect_longs(pad(PadMode::kEdge, 2, -1), {4}, {1, 1, 1, 2});
  expect_longs(pad(PadMode::kReflect, 1, -1), {3}, {2, 1, 2});
  expect_longs(pad(PadMode::kConstant, -2, -1), {0}, {});
  expect_longs(run_op(Pad{{0, 1}, {1, 0}, PadMode::kConstant, 0}, {longs({1, 2}, {1, 2})}), {2, 3}, {0, 1, 2, 0, 0, 0});
  EXPECT_EQ(shape_rule(Pad{{-2}, {-2}, PadMode::kConstant, 0}, {{3}}),
            "[pad] -2 and -2 crop more than the dimension of 3");
  EXPECT_EQ(shape_rule(Pad{{1}, {kMost}, PadMode::kConstant, 0}, {{3}}),
            "[pad] pads 1 and 9223372036854775807 of a dimension of 3 are out of range");
  EXPECT_EQ(shape_rule(Pad{{1}, {-3}, PadMode::kEdge, 0}, {{3}}), "[pad] nothing of axis 0 is left to repeat");
  EXPECT_EQ(shape_rule(Pad{{1}, {1}, PadMode::kEdge, 0}, {{3, 3}}), "[pad] 1 and 1 pads for an input of 3x3");
}

TEST(Identity, AndDropoutChangeNothing) {
  const Tensor x = longs({2}, {1, 2});
  EXPECT_TRUE(run_op(Identity{}, {x}).same(x));
  EXPECT_TRUE(run_op(Dropout{0.9F}, {x}).same(x));
}

TEST(Cast, AsCDoesButDefined) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  expect_longs(run_op(Cast{DType::kS64}, {floats({4}, {-1.9F, 2.5F, nan, 1e30F})}), {4}, {-1, 2, 0, kMost});
  const Tensor small = run_op(Cast{DType::kS8}, {longs({2}, {300, -129})});
  EXPECT_EQ(small.data<std::int8_t>()[0], 44);
  EXPECT_EQ(small.data<std::int8_t>()[1], 127);
  const Tensor flags = run_op(Cast{DType::kBool}, {floats({2}, {0, 0.5F})});
  EXPECT_FALSE(flags.data<bool>()[0]);
  EXPECT_TRUE(flags.data<bool>()[1]);
  EXPECT_EQ(run_op(Cast{DType::kF16}, {floats({1}, {1 + 0x1.0p-11F})}).data<F16>()[0].bits, 0x3c00);  // half to even
  EXPECT_EQ(run_op(Cast{DType::kF32}, {Tensor::of<BF16>({1}, {{0x4049}})}).data<float>()[0], 3.140625F);
  EXPECT_EQ(run_op(Cast{DType::kF64}, {longs({1}, {3})}).data<double>()[0], 3.0);
  expect_longs(run_op(Cast{DType::kS64}, {Tensor::of<double>({1}, {9007199254740991.0})}), {1}, {9007199254740991});
}

}  // namespace
}  // namespace fovea
