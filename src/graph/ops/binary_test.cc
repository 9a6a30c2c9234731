#include "graph/ops/binary.h"

#include <gtest/gtest.h>

#include <limits>

#include "base/error.h"
#include "graph/ops/prelu.h"
#include "graph/ops/unary.h"
#include "testing/graph_random.h"
#include "testing/op_check.h"

namespace fovea {
namespace {

Tensor bytes(const std::vector<std::int8_t>& values) {
  return Tensor::of<std::int8_t>({static_cast<std::int64_t>(values.size())}, values);
}

TEST(Binary, EveryKind) {
  const Tensor a = floats({4}, {1, -2, 3, 0.5F}), b = floats({4}, {2, 4, -1, 0.5F});
  const auto run = [&](BinaryKind kind) { return run_op(Binary{kind, {}}, {a, b}); };
  expect_close(run(BinaryKind::kAdd), floats({4}, {3, 2, 2, 1}));
  expect_close(run(BinaryKind::kSub), floats({4}, {-1, -6, 4, 0}));
  expect_close(run(BinaryKind::kMul), floats({4}, {2, -8, -3, 0.25F}));
  expect_close(run(BinaryKind::kDiv), floats({4}, {0.5F, -0.5F, -3, 1}));
  expect_close(run(BinaryKind::kMax), floats({4}, {2, 4, 3, 0.5F}));
  expect_close(run(BinaryKind::kMin), floats({4}, {1, -2, -1, 0.5F}));
  expect_close(run(BinaryKind::kPow), floats({4}, {1, 16, 0.33333334F, 0.70710678F}));
}

TEST(Binary, BroadcastsBothWays) {
  expect_close(run_op(Binary{}, {floats({2, 1}, {10, 20}), floats({3}, {1, 2, 3})}),
               floats({2, 3}, {11, 12, 13, 21, 22, 23}));
  expect_close(run_op(Binary{BinaryKind::kSub, {}}, {floats({}, {1}), floats({1, 2}, {3, 4})}),
               floats({1, 2}, {-2, -3}));
  EXPECT_EQ(shape_rule(Binary{}, {{1, 8, 4, 4}, {8, 1, 1}}), "1x8x4x4");
  EXPECT_EQ(shape_rule(Binary{}, {{2, 3}, {4}}), "[binary] shapes 2x3 and 4 do not broadcast");
}

TEST(Binary, ActivatesTheResult) {
  expect_close(run_op(Binary{BinaryKind::kAdd, {Function::kRelu}}, {floats({2}, {1, -3}), floats({2}, {1, 1})}),
               floats({2}, {2, 0}));
}

TEST(Binary, IntegersWrapAndDivideTowardsZero) {
  const auto first = [](BinaryKind kind, const Tensor& a, const Tensor& b) {
    return run_op(Binary{kind, {}}, {a, b}).data<std::int64_t>()[0];
  };
  constexpr auto kLeast = std::numeric_limits<std::int64_t>::min();
  const auto one = [](std::int64_t value) { return longs({1}, {value}); };
  EXPECT_EQ(first(BinaryKind::kDiv, one(-7), one(2)), -3);
  EXPECT_EQ(first(BinaryKind::kDiv, one(kLeast), one(-1)), kLeast);
  EXPECT_EQ(first(BinaryKind::kSub, one(kLeast), one(1)), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(first(BinaryKind::kMul, one(9007199254740993), one(1)), 9007199254740993);
  EXPECT_EQ(first(BinaryKind::kPow, one(-3), one(3)), -27);
  EXPECT_EQ(first(BinaryKind::kPow, one(2), one(-1)), 0);
  EXPECT_EQ(first(BinaryKind::kMax, one(-3), one(3)), 3);
  const Tensor sum = run_op(Binary{}, {bytes({100, -100}), bytes({100, -100})});
  EXPECT_EQ(sum.data<std::int8_t>()[0], -56);
  EXPECT_EQ(sum.data<std::int8_t>()[1], 56);
  EXPECT_THROW(run_op(Binary{BinaryKind::kDiv, {}}, {one(1), one(0)}), Error);
  const Tensor large = Tensor::of<std::uint64_t>({1}, {std::numeric_limits<std::uint64_t>::max()});
  EXPECT_EQ(run_op(Binary{BinaryKind::kDiv, {}}, {large, Tensor::of<std::uint64_t>({1}, {2})}).data<std::uint64_t>()[0],
            std::uint64_t{1} << 63U ? (std::uint64_t{1} << 63U) - 1 : 0);
}

TEST(Binary, PowersOfMixedTypes) {
  expect_close(run_op(Binary{BinaryKind::kPow, {}}, {floats({2}, {1.5F, 4}), longs({2}, {2, -1})}),
               floats({2}, {2.25F, 0.25F}));
  const Tensor y = run_op(Binary{BinaryKind::kPow, {}}, {longs({2}, {9, 2}), floats({2}, {0.5F, 0.5F})});
  EXPECT_EQ(y.data<std::int64_t>()[0], 3);
  EXPECT_EQ(y.data<std::int64_t>()[1], 1);
  EXPECT_THROW(run_op(Binary{}, {floats({1}, {1}), longs({1}, {1})}), Error);
  EXPECT_THROW(run_op(Binary{BinaryKind::kAdd, {Function::kRelu}}, {longs({1}, {1}), longs({1}, {1})}), Error);
}

TEST(Unary, RealNumbersAndIntegers) {
  expect_close(run_op(Unary{{Function::kTanh}}, {floats({2}, {0, 1})}), floats({2}, {0, 0.7615942F}), 1e-7);
  const Tensor y = run_op(Unary{{Function::kClip, -1.5F, 1000}}, {bytes({-100, 0, 127})});
  EXPECT_EQ(y.data<std::int8_t>()[0], -1);
  EXPECT_EQ(y.data<std::int8_t>()[1], 0);
  EXPECT_EQ(y.data<std::int8_t>()[2], 127);
  EXPECT_EQ(run_op(Unary{{Function::kNeg}}, {longs({1}, {5})}).data<std::int64_t>()[0], -5);
  EXPECT_EQ(run_op(Unary{{Function::kAbs}}, {longs({1}, {-5})}).data<std::int64_t>()[0], 5);
  EXPECT_THROW(run_op(Unary{{Function::kExp}}, {longs({1}, {5})}), Error);
}

TEST(PRelu, SlopePerChannel) {
  const Tensor x = floats({1, 2, 1, 2}, {-1, 2, -3, 4});
  expect_close(run_op(PRelu{}, {x, floats({2, 1, 1}, {0.5F, 0.25F})}), floats({1, 2, 1, 2}, {-0.5F, 2, -0.75F, 4}));
  EXPECT_EQ(shape_rule(PRelu{}, {{1, 2, 1, 2}, {3, 1, 1}}), "[prelu] shapes 1x2x1x2 and 3x1x1 do not broadcast");
  EXPECT_EQ(shape_rule(PRelu{}, {{2}, {2, 2}}), "[prelu] slope is 2x2, which does not broadcast to 2");
}

}  // namespace
}  // namespace fovea
