#include "graph/ops/pool.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "graph/ops/global_pool.h"
#include "testing/graph_random.h"
#include "testing/op_check.h"

namespace fovea {
namespace {

constexpr PoolKind kMax = PoolKind::kMax, kAverage = PoolKind::kAverage;

// The expected values are those of the ONNX standard's own examples.

TEST(Pool, PadsOnAllSides) {
  const Tensor x = counting({1, 1, 5, 5}, 1);
  Pool op{kMax, {5, 5}, {1, 1}, {2, 2, 2, 2}, {1, 1}, false, false};
  expect_close(run_op(op, {x}), floats({1, 1, 5, 5}, {13, 14, 15, 15, 15, 18, 19, 20, 20, 20, 23, 24, 25,
                                                      25, 25, 23, 24, 25, 25, 25, 23, 24, 25, 25, 25}),
               0, 0);
  op.kind = kAverage;
  expect_close(run_op(op, {x}),
               floats({1, 1, 5, 5}, {7,  7.5F,  8,  8.5F,  9,  9.5F,  10, 10.5F, 11, 11.5F, 12, 12.5F, 13, 13.5F,
                                     14, 14.5F, 15, 15.5F, 16, 16.5F, 17, 17.5F, 18, 18.5F, 19}));
  op.count_include_pad = true;
  expect_close(run_op(op, {x}), floats({1, 1, 5, 5}, {2.52F,  3.6F,  4.8F,  4.08F, 3.24F, 4.56F, 6.4F,  8.4F, 7.04F,
                                                      5.52F,  7.2F,  10,    13,    10.8F, 8.4F,  6.96F, 9.6F, 12.4F,
                                                      10.24F, 7.92F, 6.12F, 8.4F,  10.8F, 8.88F, 6.84F}));
}

TEST(Pool, CeilMode) {
  const Tensor x = counting({1, 1, 4, 4}, 1);
  expect_close(run_op(Pool{kMax, {3, 3}, {2, 2}, {}, {1, 1}, true, false}, {x}), floats({1, 1, 2, 2}, {11, 12, 15, 16}),
               0, 0);
  expect_close(run_op(Pool{kAverage, {3, 3}, {2, 2}, {}, {1, 1}, true, false}, {x}),
               floats({1, 1, 2, 2}, {6, 7.5F, 12, 13.5F}));
  EXPECT_EQ(run_op(Pool{kMax, {3, 3}, {2, 2}, {}, {1, 1}, false, false}, {x}).shape().str(), "1x1x1x1");
}

TEST(Pool, CeilModeDropsAWindowThatStartsBehindTheElements) {
  expect_close(run_op(Pool{kMax, {1, 1}, {2, 2}, {}, {1, 1}, true, false}, {counting({1, 1, 2, 2}, 1)}),
               floats({1, 1, 1, 1}, {1}), 0, 0);
  // 3 elements, 2 behind them: places 0, 2 and 4, of which the last would see nothing but padding.
  expect_close(run_op(Pool{kMax, {1, 3}, {1, 2}, {0, 0, 0, 2}, {1, 1}, true, false}, {counting({1, 1, 1, 3}, 1)}),
               floats({1, 1, 1, 2}, {3, 3}), 0, 0);
}

TEST(Pool, AverageCountsPaddingButNotWhatHangsOver) {
  const Tensor x = counting({1, 1, 1, 4}, 1);
  Pool op{kAverage, {1, 3}, {1, 2}, {0, 1, 0, 1}, {1, 1}, true, true};
  expect_close(run_op(op, {x}), floats({1, 1, 1, 3}, {1, 3, 2}));
  op.count_include_pad = false;
  expect_close(run_op(op, {x}), floats({1, 1, 1, 3}, {1.5F, 3, 4}));
}

TEST(Pool, Dilations) {
  const Tensor x = counting({1, 1, 4, 4}, 1);
  expect_close(run_op(Pool{kMax, {2, 2}, {1, 1}, {}, {2, 2}, false, false}, {x}),
               floats({1, 1, 2, 2}, {11, 12, 15, 16}), 0, 0);
  expect_close(run_op(Pool{kAverage, {2, 2}, {1, 1}, {}, {2, 2}, false, false}, {x}),
               floats({1, 1, 2, 2}, {6, 7, 10, 11}));
  // One row 1 2 3 4, taps two apart, padding of one: (0 + 2), (1 + 3), (2 + 4), (3 + 0).
  expect_close(run_op(Pool{kAverage, {1, 2}, {1, 1}, {0, 1, 0, 1}, {1, 2}, false, true}, {counting({1, 1, 1, 4}, 1)}),
               floats({1, 1, 1, 4}, {1, 2, 3, 1.5F}));
  expect_close(run_op(Pool{kAverage, {1, 2}, {1, 1}, {0, 1, 0, 1}, {1, 2}, false, false}, {counting({1, 1, 1, 4}, 1)}),
               floats({1, 1, 1, 4}, {2, 2, 3, 3}));
}

TEST(Pool, MaxOfBytesAndNan) {
  const Tensor x = Tensor::of<std::uint8_t>({1, 1, 1, 4}, {3, 200, 7, 255});
  const Tensor y = run_op(Pool{kMax, {1, 2}, {1, 2}, {}, {1, 1}, false, false}, {x});
  EXPECT_EQ(y.data<std::uint8_t>()[0], 200);
  EXPECT_EQ(y.data<std::uint8_t>()[1], 255);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Tensor z =
      run_op(Pool{kMax, {1, 2}, {1, 2}, {}, {1, 1}, false, false}, {floats({1, 1, 1, 4}, {1, nan, -5, -4})});
  EXPECT_TRUE(std::isnan(z.data<float>()[0]));
  EXPECT_EQ(z.data<float>()[1], -4);
}

TEST(Pool, ShapeRule) {
  const Pool op{kMax, {3, 3}, {2, 2}, {1, 1, 1, 1}, {1, 1}, false, false};
  EXPECT_EQ(shape_rule(op, {{2, 64, 112, 112}}), "2x64x56x56");
  EXPECT_EQ(shape_rule(op, {{64, 112, 112}}), "[pool] input is 64x112x112, expected rank 4");
  EXPECT_EQ(shape_rule(Pool{kMax, {0, 3}, {1, 1}, {}, {1, 1}, false, false}, {{1, 1, 4, 4}}),
            "[pool] kernel size 0, expected at least 1");
  EXPECT_EQ(shape_rule(Pool{kMax, {5, 3}, {1, 1}, {}, {1, 1}, false, false}, {{1, 1, 4, 4}}),
            "[pool] kernel of 5 (dilated) is larger than the padded input of 4");
  EXPECT_EQ(shape_rule(Pool{kMax, {2, 2}, {1, 1}, {2, 0, 0, 0}, {1, 1}, false, false}, {{1, 1, 4, 4}}),
            "[pool] padding 2 and 0 is not smaller than the kernel of 2 (dilated)");
}

TEST(GlobalPool, MeanAndMax) {
  const Tensor x = floats({1, 2, 2, 2}, {1, 2, 3, 6, -1, -2, -3, -6});
  expect_close(run_op(GlobalPool{kAverage}, {x}), floats({1, 2, 1, 1}, {3, -3}), 0, 0);
  expect_close(run_op(GlobalPool{kMax}, {x}), floats({1, 2, 1, 1}, {6, -1}), 0, 0);
  EXPECT_EQ(shape_rule(GlobalPool{}, {{1, 2, 2}}), "[global_pool] input is 1x2x2, expected rank 4");
}

}  // namespace
}  // namespace fovea
