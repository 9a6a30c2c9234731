#include "graph/activation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace fovea {
namespace {

TEST(Activation, ValuesFromTables) {
  struct Case {
    Activation fn;
    float x, y;
  };
  const Case cases[] = {
      {{Function::kIdentity}, -2, -2},
      {{Function::kRelu}, -2, 0},
      {{Function::kRelu}, 2, 2},
      {{Function::kClip, -1, 6}, 7, 6},
      {{Function::kClip, -1, 6}, -7, -1},
      {{Function::kClip, 2, 1}, 0, 1},  // ONNX: the upper bound wins
      {{Function::kLeakyRelu, 0.1F}, -2, -0.2F},
      {{Function::kElu, 2}, -1, -1.2642411F},
      {{Function::kSigmoid}, 1, 0.7310586F},
      {{Function::kSigmoid}, -200, 0},
      {{Function::kHardSigmoid, 0.2F, 0.5F}, 1, 0.7F},
      {{Function::kHardSigmoid, 0.2F, 0.5F}, 9, 1},
      {{Function::kHardSwish}, 1, 0.6666667F},
      {{Function::kHardSwish}, -4, 0},
      {{Function::kSilu}, -1, -0.26894143F},
      {{Function::kTanh}, 1, 0.7615942F},
      {{Function::kGelu}, 1, 0.8413447F},
      {{Function::kGeluTanh}, 1, 0.841192F},
      {{Function::kErf}, 1, 0.8427008F},
      {{Function::kSqrt}, 2, 1.4142135F},
      {{Function::kExp}, 1, 2.7182817F},
      {{Function::kLog}, 2, 0.6931472F},
      {{Function::kAbs}, -3, 3},
      {{Function::kNeg}, 3, -3},
      {{Function::kReciprocal}, 4, 0.25F},
      {{Function::kSoftplus}, 1, 1.3132617F},
      {{Function::kSoftplus}, 500, 500},
      {{Function::kMish}, 1, 0.8650984F},
      {{Function::kFloor}, -1.5F, -2},
      {{Function::kCeil}, -1.5F, -1},
      {{Function::kRound}, 2.5F, 2},
      {{Function::kRound}, -1.5F, -2},
  };
  for (const Case& c : cases) EXPECT_NEAR(apply(c.fn, c.x), c.y, 1e-6) << name(c.fn.function) << '(' << c.x << ')';
}

TEST(Activation, NanPassesThrough) {
  for (const Function function : {Function::kRelu, Function::kClip, Function::kHardSwish, Function::kSilu})
    EXPECT_TRUE(std::isnan(apply({function, 0, 6}, std::numeric_limits<float>::quiet_NaN()))) << name(function);
}

TEST(Activation, NamesComeBack) {
  for (int i = 0; i <= static_cast<int>(Function::kRound); ++i) {
    const auto function = static_cast<Function>(i);
    EXPECT_EQ(function_from_name(name(function)), function);
  }
  EXPECT_FALSE(function_from_name("relu6").has_value());
  EXPECT_EQ(parameter_count(Function::kClip), 2);
  EXPECT_EQ(parameter_count(Function::kElu), 1);
  EXPECT_EQ(parameter_count(Function::kRelu), 0);
}

}  // namespace
}  // namespace fovea
