#include <gtest/gtest.h>

#include <cmath>

#include <limits>

#include "base/error.h"
#include "graph/op.h"
#include "testing/graph_random.h"
#include "testing/op_check.h"

/// Reduction, softmax and the normalising ops.
namespace fovea {
namespace {

TEST(Reduce, KindsAndAxes) {
  const Tensor x = counting({2, 3, 2}, 1);  // 1 … 12
  expect_close(run_op(Reduce{ReduceKind::kMean, {1}, true}, {x}), floats({2, 1, 2}, {3, 4, 9, 10}), 0, 0);
  expect_close(run_op(Reduce{ReduceKind::kSum, {0, 2}, false}, {x}), floats({3}, {18, 26, 34}), 0, 0);
  expect_close(run_op(Reduce{ReduceKind::kMax, {}, false}, {x}), floats({}, {12}), 0, 0);
  expect_close(run_op(Reduce{ReduceKind::kMean, {}, true}, {x}), floats({1, 1, 1}, {6.5F}), 0, 0);
  EXPECT_EQ(shape_rule(Reduce{ReduceKind::kMean, {2, 3}, false}, {{1, 8, 7, 7}}), "1x8");
  EXPECT_EQ(shape_rule(Reduce{ReduceKind::kMean, {1, 1}, false}, {{1, 8}}), "[reduce] axis 1 is named twice");
  EXPECT_EQ(shape_rule(Reduce{ReduceKind::kMean, {-1}, false}, {{1, 8}}),
            "[reduce] axis -1 is outside an input of rank 2");
}

TEST(Reduce, IntegersAndEmptySets) {
  const Tensor x = longs({2, 2}, {-3, -4, 5, 4});
  EXPECT_TRUE(run_op(Reduce{ReduceKind::kSum, {1}, false}, {x}).same(longs({2}, {-7, 9})));
  EXPECT_TRUE(run_op(Reduce{ReduceKind::kMean, {1}, false}, {x}).same(longs({2}, {-3, 4})));
  EXPECT_TRUE(run_op(Reduce{ReduceKind::kMax, {0}, false}, {x}).same(longs({2}, {5, 4})));
  const Tensor none = Tensor::zeros(DType::kF32, {2, 0});
  expect_close(run_op(Reduce{ReduceKind::kSum, {1}, true}, {none}), floats({2, 1}, {0, 0}), 0, 0);
  EXPECT_EQ(run_op(Reduce{ReduceKind::kMax, {1}, true}, {none}).data<float>()[0],
            -std::numeric_limits<float>::infinity());
}

TEST(Softmax, StableAndAlongItsAxis) {
  const std::vector<float> row = {0.0320586F, 0.08714432F, 0.23688284F, 0.6439143F};
  std::vector<float> twice = row;
  twice.insert(twice.end(), row.begin(), row.end());
  const Tensor x = floats({2, 4}, {0, 1, 2, 3, 10000, 10001, 10002, 10003});
  expect_close(run_op(Softmax{1, false}, {x}), floats({2, 4}, twice), 1e-7);
  expect_close(run_op(Softmax{0, false}, {floats({3, 2}, {-1, 5, 0, 5, 1, 5})}),
               floats({3, 2}, {0.09003057F, 0.33333334F, 0.24472848F, 0.33333334F, 0.66524094F, 0.33333334F}), 1e-7);
  expect_close(run_op(Softmax{1, true}, {floats({1, 3}, {-1, 0, 1})}),
               floats({1, 3}, {-2.4076059F, -1.4076059F, -0.4076059F}), 1e-6);
  EXPECT_EQ(shape_rule(Softmax{}, {{4}}), "[softmax] axis 1 is outside an input of rank 1");
}

TEST(BatchNorm, PerChannel) {
  const Tensor x = floats({1, 2, 1, 3}, {-1, 0, 1, 2, 3, 4});
  const std::vector<Tensor> inputs = {x, floats({2}, {1, 1.5F}), floats({2}, {0, 1}), floats({2}, {0, 3}),
                                      floats({2}, {1, 1.5F})};
  expect_close(run_op(BatchNorm{}, inputs),  // ONNX's example
               floats({1, 2, 1, 3}, {-0.999995F, 0, 0.999995F, -0.22474079F, 1, 2.2247407F}), 1e-6);
  BatchNorm large;
  large.epsilon = 3;
  expect_close(run_op(large, inputs), floats({1, 2, 1, 3}, {-0.5F, 0, 0.5F, 0.29289323F, 1, 1.7071068F}), 1e-6);
  EXPECT_EQ(shape_rule(BatchNorm{}, {{1, 4, 2, 2}, {4}, {4}, {3}, {4}}),
            "[batch_norm] mean has 3 elements, input has 4 channels");
  EXPECT_EQ(shape_rule(BatchNorm{}, {{4}, {4}, {4}, {4}, {4}}), "[batch_norm] input is 4, expected rank 2 or more");
}

TEST(LayerNorm, OverTheLastAxisOrTheChannels) {
  const Tensor x = floats({1, 2, 2}, {1, 3, 5, -5}), scale = floats({2}, {1, 2}), bias = floats({2}, {0, 1});
  expect_close(run_op(LayerNorm{{2}, 0}, {x, scale, bias}), floats({1, 2, 2}, {-1, 3, 1, -1}), 1e-6);
  expect_close(run_op(LayerNorm{{1}, 0}, {x, scale, bias}), floats({1, 2, 2}, {-1, 1, 3, -1}), 1e-6);
  expect_close(run_op(LayerNorm{{1, 2}, 13}, {x, Tensor(), Tensor()}),
               floats({1, 2, 2}, {0, 2 / std::sqrt(27.0F), 4 / std::sqrt(27.0F), -6 / std::sqrt(27.0F)}), 1e-6);
  EXPECT_EQ(shape_rule(LayerNorm{{1, 3}}, {{1, 2, 3, 4}}), "[layer_norm] axes 1 and 3 are no neighbours");
  EXPECT_EQ(shape_rule(LayerNorm{{2}}, {{1, 2, 3}, {2}}), "[layer_norm] scale is 2, expected 3");
}

TEST(Lrn, OddAndEvenSizes) {
  const Tensor x = floats({1, 3, 1, 1}, {1, 2, 3});
  expect_close(run_op(Lrn{3, 3, 1, 1}, {x}), floats({1, 3, 1, 1}, {1.0F / 6, 2.0F / 15, 3.0F / 14}), 1e-7);
  expect_close(run_op(Lrn{2, 2, 1, 1}, {x}), floats({1, 3, 1, 1}, {1.0F / 6, 2.0F / 14, 3.0F / 10}), 1e-7);
  expect_close(run_op(Lrn{1, 1, 0.5F, 3}, {x}), floats({1, 3, 1, 1}, {0.5F, 0.75592893F, 0.8660254F}), 1e-7);
  EXPECT_EQ(shape_rule(Lrn{0, 1, 1, 1}, {{1, 3, 1, 1}}), "[lrn] size is 0, expected at least 1");
}

TEST(PixelsToTensor, ScalesNormalisesAndTransposes) {
  const Tensor pixels = Tensor::of<std::uint8_t>({1, 1, 2, 3}, {0, 51, 102, 153, 204, 255});
  const PixelsToTensor op{1.0F / 255.0F, {0, 0.5F, 0}, {1, 0.5F, 2}};
  expect_close(run_op(op, {pixels}), floats({1, 3, 1, 2}, {0, 0.6F, -0.6F, 0.6F, 0.2F, 0.5F}), 1e-6);
  EXPECT_EQ(shape_rule(op, {{1, 4, 4, 3}}),
            "[pixels_to_tensor] input is f32 1x4x4x3, expected u8 [n,h,w,1] or [n,h,w,3]");
  EXPECT_THROW(run_op(PixelsToTensor{1, {}, {1, 0, 1}}, {pixels}), Error);
}

TEST(Quantize, RoundsHalfToEvenAndSaturates) {
  const Tensor x = floats({6}, {0, 2, 3, 1000, -254, -1000});
  const Tensor q = run_op(Quantize{DType::kU8, 1}, {x, floats({}, {2}), Tensor::of<std::uint8_t>({}, {128})});
  EXPECT_TRUE(q.same(Tensor::of<std::uint8_t>({6}, {128, 129, 130, 255, 1, 0})));
  const Tensor halves = run_op(Quantize{}, {floats({4}, {0.5F, 1.5F, -0.5F, -2.5F}), floats({1}, {1})});
  EXPECT_TRUE(halves.same(Tensor::of<std::int8_t>({4}, {0, 2, 0, -2})));
}

TEST(Quantize, PerAxisAndBack) {
  const Tensor x = floats({2, 2}, {1, 1, -3, 100}), scale = floats({2}, {0.5F, 4});
  const Tensor zero = Tensor::of<std::int8_t>({2}, {1, -2});
  const Tensor q = run_op(Quantize{DType::kS8, 1}, {x, scale, zero});
  EXPECT_TRUE(q.same(Tensor::of<std::int8_t>({2, 2}, {3, -2, -5, 23})));
  expect_close(run_op(Dequantize{1}, {q, scale, zero}), floats({2, 2}, {1, 0, -3, 100}), 0, 0);
  const Tensor bytes = Tensor::of<std::uint8_t>({4}, {0, 3, 128, 255});
  expect_close(run_op(Dequantize{}, {bytes, floats({}, {2}), Tensor::of<std::uint8_t>({}, {128})}),
               floats({4}, {-256, -250, 0, 254}), 0, 0);
  expect_close(run_op(Dequantize{}, {Tensor::of<std::int32_t>({1}, {-70000}), floats({}, {0.5F})}),
               floats({1}, {-35000}), 0, 0);
}

TEST(Quantize, ShapeRule) {
  EXPECT_EQ(shape_rule(Quantize{DType::kF32, 1}, {{2}, {}}), "[quantize] to f32, expected s8, u8, s16, u16 or f8e4m3");
  EXPECT_EQ(shape_rule(Quantize{DType::kS8, 1}, {{2, 3}, {2}}),
            "[quantize] scale has 2 elements, axis 1 of the input has 3");
  EXPECT_EQ(shape_rule(Quantize{DType::kS8, 1}, {{2, 3}, {3}, {3}}), "[quantize] zero point is f32, expected s8");
  EXPECT_EQ(shape_rule(Dequantize{}, {{2}, {}}), "[dequantize] of f32, expected s8, u8, s16, u16, s32 or f8e4m3");
}

}  // namespace
}  // namespace fovea
