#include "graph/ops/conv2d.h"

#include <gtest/gtest.h>

#include "testing/graph_random.h"
#include "testing/op_check.h"

namespace fovea {
namespace {

/// 0, 1, …, period − 1, 0, … shifted by `offset`.
Tensor sawtooth(Shape shape, int period, int offset) {
  Tensor tensor(DType::kF32, std::move(shape));
  int i = 0;
  for (float& value : tensor.data<float>()) value = static_cast<float>(i++ % period + offset);
  return tensor;
}

TEST(Conv2d, OnnxExampleWithPadding) {
  const Tensor y = run_op(Conv2d{{1, 1}, {1, 1, 1, 1}, {1, 1}, 1, {}, false},
                          {counting({1, 1, 5, 5}), counting({1, 1, 3, 3}, 1, 0)});
  expect_close(y, floats({1, 1, 5, 5}, {12,  21, 27, 33,  24,  33,  54,  63, 72,  51,  63,  99, 108,
                                        117, 81, 93, 144, 153, 162, 111, 72, 111, 117, 123, 84}),
               0, 0);
}

/// Values from an independent program that pads first and gathers.
TEST(Conv2d, GroupsStridesDilationAndUnevenPads) {
  const Conv2d op{{2, 1}, {1, 0, 2, 1}, {2, 1}, 2, {}, false};
  const Tensor y = run_op(op, {sawtooth({1, 4, 5, 4}, 7, -3), sawtooth({6, 2, 2, 3}, 5, -2), counting({6})});
  expect_close(y, floats({1, 6, 3, 3}, {-5, 9,  -5, 7,  -3, 0, -5, -8, 5,  -1, -4, -4, 2, -11, 11, -3, 8,  -4,
                                        8,  -2, 7,  -8, 6,  2, -1, 9,  -3, 5,  1,  0,  2, 1,   -3, 7,  10, 3,
                                        5,  8,  4,  3,  6,  7, -1, -1, 10, 0,  0,  8,  4, 1,   7,  6,  3,  -3}),
               0, 0);
}

TEST(Conv2d, AddsBiasThenResidualThenActivates) {
  const Conv2d op{{1, 1}, {0, 0, 0, 0}, {1, 1}, 1, {Function::kRelu}, true};
  const Tensor x = floats({1, 1, 1, 3}, {1, 2, 3}), w = floats({2, 1, 1, 1}, {1, -1});
  const Tensor residual = floats({1, 2, 1, 3}, {-20, 0, 0.5F, 0, 5, -20});
  expect_close(run_op(op, {x, w, floats({2}, {10, 1}), residual}), floats({1, 2, 1, 3}, {0, 12, 13.5F, 0, 4, 0}), 0, 0);
  expect_close(run_op(op, {x, w, Tensor(), residual}), floats({1, 2, 1, 3}, {0, 2, 3.5F, 0, 3, 0}), 0, 0);
}

TEST(Conv2d, ShapeRule) {
  const Shape x = {2, 6, 9, 9};
  EXPECT_EQ(shape_rule(Conv2d{{2, 2}, {1, 1, 0, 0}, {1, 1}, 1, {}, false}, {x, {4, 6, 3, 3}}), "2x4x4x4");
  EXPECT_EQ(shape_rule(Conv2d{}, {x, {4, 5, 3, 3}}), "[conv2d] weight has 5 input channels, input has 6");
  EXPECT_EQ(shape_rule(Conv2d{{1, 1}, {}, {1, 1}, 3, {}, false}, {x, {6, 3, 3, 3}}),
            "[conv2d] weight has 3 input channels in each of 3 groups, input has 6");
  EXPECT_EQ(shape_rule(Conv2d{{1, 1}, {}, {1, 1}, 4, {}, false}, {x, {6, 3, 3, 3}}),
            "[conv2d] 6 filters do not divide into 4 groups");
  EXPECT_EQ(shape_rule(Conv2d{{1, 1}, {}, {1, 1}, 0, {}, false}, {x, {6, 6, 3, 3}}),
            "[conv2d] groups is 0, expected at least 1");
  EXPECT_EQ(shape_rule(Conv2d{{1, 1}, {}, {5, 1}, 1, {}, false}, {x, {4, 6, 3, 3}}),
            "[conv2d] kernel of 11 (dilated) is larger than the padded input of 9");
  EXPECT_EQ(shape_rule(Conv2d{{0, 1}, {}, {1, 1}, 1, {}, false}, {x, {4, 6, 3, 3}}),
            "[conv2d] stride 0, expected at least 1");
  EXPECT_EQ(shape_rule(Conv2d{{1, 1}, {-1, 0, 0, 0}, {1, 1}, 1, {}, false}, {x, {4, 6, 3, 3}}),
            "[conv2d] padding -1 and 0, expected none below 0");
  EXPECT_EQ(shape_rule(Conv2d{}, {x, {4, 6, 3, 3}, {5}}), "[conv2d] bias has 5 elements, weight has 4 filters");
  EXPECT_EQ(shape_rule(Conv2d{}, {{6, 9, 9}, {4, 6, 3, 3}}), "[conv2d] input is 6x9x9, expected rank 4");
  EXPECT_EQ(shape_rule(Conv2d{}, {x}), "[conv2d] has 1 inputs, expected 2 to 3");
  EXPECT_EQ(shape_rule(Conv2d{{1, 1}, {}, {1, 1}, 1, {}, true}, {x, {4, 6, 3, 3}, {4}}),
            "[conv2d] residual is left out");
  EXPECT_EQ(shape_rule(Conv2d{{1, 1}, {}, {1, 1}, 1, {}, true}, {x, {4, 6, 3, 3}, {4}, {2, 4, 7, 1}}),
            "[conv2d] residual is 2x4x7x1, output is 2x4x7x7");
  EXPECT_EQ(shape_rule(Conv2d{}, {{0, 6, 9, 9}, {4, 6, 3, 3}}),
            "[conv2d] input is 0x6x9x9, expected no empty dimension");
}

TEST(Conv2d, RuleSurvivesExtremeAttributes) {
  constexpr int kMost = 2147483647;
  const Conv2d op{{kMost, kMost}, {kMost, kMost, kMost, kMost}, {kMost, kMost}, 1, {}, false};
  EXPECT_EQ(shape_rule(op, {{1, 1, 5, 5}, {1, 1, 3, 3}}), "1x1x1x1");
  EXPECT_EQ(
      shape_rule(Conv2d{{1, 1}, {kMost, kMost, kMost, kMost}, {1, 1}, 1, {}, false}, {{1, 1, 5, 5}, {1, 1, 3, 3}}),
      "[conv2d] shape 1x1x4294967297x4294967297 has too many elements (limit 2^40)");
}

}  // namespace
}  // namespace fovea
