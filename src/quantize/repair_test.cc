#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/random.h"
#include "graph/builder.h"
#include "graph/reference.h"
#include "quantize/bias_correction.h"
#include "quantize/equalize.h"
#include "quantize/round_weights.h"

namespace fovea {
namespace {

Tensor random_tensor(const Shape& shape, std::uint64_t seed, double scale = 1) {
  Tensor made(DType::kF32, shape);
  Random random({seed});
  for (float& x : made.data<float>()) x = static_cast<float>(random.normal() * scale);
  return made;
}

/// 1 × 1 → depthwise 3 × 3 → 1 × 1, as in MobileNetV2; the channels' ranges differ by powers of two.
Graph skewed_chain(const Activation& act) {
  GraphBuilder build;
  constexpr std::int64_t kChannels = 8;
  ValueId x = build.input("x", {1, 3, 6, 6});
  Tensor expand = random_tensor({kChannels, 3, 1, 1}, 1, 0.3);
  Tensor window = random_tensor({kChannels, 1, 3, 3}, 2, 0.3);
  for (std::size_t i = 0; i < expand.data<float>().size(); ++i)
    expand.data<float>()[i] *= std::exp2(static_cast<float>(i / 3) - 5);
  for (std::size_t i = 0; i < window.data<float>().size(); ++i)
    window.data<float>()[i] *= std::exp2(4 - static_cast<float>(i / 9));
  const ValueId bias = build.constant("b", random_tensor({kChannels}, 3, 0.1));
  Conv2d first;
  first.act = act;
  x = build.node(first, {x, build.constant("w1", expand), bias}, "expand");
  Conv2d second{{1, 1}, {1, 1, 1, 1}, {1, 1}, static_cast<int>(kChannels), act, false};
  x = build.node(second, {x, build.constant("w2", window)}, "depthwise");
  x = build.node(Conv2d{}, {x, build.constant("w3", random_tensor({4, kChannels, 1, 1}, 4))}, "project");
  return build.finish({x});
}

/// Largest over smallest range of a depthwise weight's channels.
double spread(const Tensor& weight) {
  const std::size_t channels = static_cast<std::size_t>(weight.shape()[0]);
  const std::size_t inner = weight.data<float>().size() / channels;
  double low = 1e30, high = 0;
  for (std::size_t c = 0; c < channels; ++c) {
    double most = 0;
    for (const float x : weight.data<float>().subspan(c * inner, inner)) most = std::max(most, std::abs(double{x}));
    low = std::min(low, most);
    high = std::max(high, most);
  }
  return high / low;
}

std::map<std::string, ChannelFigures> figures_of(const Graph& graph, const Tensor& input) {
  std::map<std::string, ChannelFigures> figures;
  run_reference(graph, std::span(&input, 1), [&](ValueId id, const Tensor& value) {
    if (value.shape().rank() != 4) return;
    const auto channels = static_cast<std::size_t>(value.shape()[1]);
    const std::size_t inner = value.data<float>().size() / channels;
    ChannelFigures& made = figures[graph.value(id).name];
    for (std::size_t c = 0; c < channels; ++c) {
      const auto plane = value.data<float>().subspan(c * inner, inner);
      made.highest.push_back(*std::ranges::max_element(plane));
    }
  });
  return figures;
}

void expect_same_function(const Activation& act) {
  const Graph before = skewed_chain(act);
  const Tensor input = random_tensor({1, 3, 6, 6}, 9);
  Graph after = before;
  const ChannelScales scales = equalization_scales(before, figures_of(before, input));
  ASSERT_EQ(scales.size(), 2U);
  equalize(after, scales);
  const Tensor expected = run_reference(before, std::span(&input, 1)).front();
  const Tensor got = run_reference(after, std::span(&input, 1)).front();
  for (std::size_t i = 0; i < expected.data<float>().size(); ++i)
    EXPECT_NEAR(got.data<float>()[i], expected.data<float>()[i], 1e-4F * (1 + std::abs(expected.data<float>()[i])));
  const auto depthwise = [](const Graph& graph) { return graph.input_of(*graph.find_node("depthwise"), 1).constant; };
  EXPECT_LT(spread(depthwise(after)), spread(depthwise(before)) / 4);
}

TEST(Equalize, KeepsTheFunctionThroughRelu) { expect_same_function({Function::kRelu}); }
TEST(Equalize, KeepsTheFunctionThroughAClipOnWhatWasSeen) { expect_same_function({Function::kClip, 0, 6}); }

TEST(Equalize, LeavesSaturatedChannelsAndOtherActivationsAlone) {
  const Graph clipped = skewed_chain({Function::kClip, 0, 6});
  std::map<std::string, ChannelFigures> all_reach_it;
  for (const char* node : {"expand", "depthwise"})
    all_reach_it[clipped.value(clipped.find_node(node)->outputs[0]).name].highest.assign(8, 6);
  for (const auto& [node, scales] : equalization_scales(clipped, all_reach_it))
    for (const float s : scales) EXPECT_FLOAT_EQ(s, 1);
  EXPECT_TRUE(equalization_scales(skewed_chain({Function::kSilu}), {}).empty());
  EXPECT_TRUE(equalization_scales(clipped, {}).empty());
}

TEST(Equalize, RefusesScalesOfAnotherModel) {
  Graph graph = skewed_chain({Function::kRelu});
  EXPECT_THROW(equalize(graph, {{"expand", {1, 2}}}), Error);
}

TEST(BiasCorrection, TakesTheMeanErrorOut) {
  GraphBuilder build;
  const ValueId x = build.input("x", {1, 2, 1, 1});
  const ValueId w = build.constant("w", Tensor::of<float>({2, 2, 1, 1}, {1, 0.3F, 0.0051F, -0.72F}));
  const ValueId b = build.constant("b", Tensor::of<float>({2}, {0.5F, -0.5F}));
  Int8Recipe recipe;
  recipe.base = build.finish({build.node(Conv2d{}, {x, w, b}, "conv")});
  recipe.form.per_channel = false;
  const std::map<std::string, ChannelFigures> seen = {{"x", {{3.0, 5.0}, {4, 6}}}};
  const Tensor bias = corrected_biases(recipe, seen).at("conv");
  const auto error = [](float weight) { return std::nearbyint(weight * 127) / 127 - weight; };
  EXPECT_NEAR(bias.data<float>()[0], 0.5F - (error(1) * 3 + error(0.3F) * 5), 1e-5F);
  EXPECT_NEAR(bias.data<float>()[1], -0.5F - (error(0.0051F) * 3 + error(-0.72F) * 5), 1e-5F);
  EXPECT_TRUE(corrected_biases(recipe, {}).empty());
}

/// A convolution of 1 × 1 whose inputs, `count` numbers, have `common` in common; rounded by `rows` of them. The mean
/// square error of its outputs on other such inputs, as a multiple of what the nearest rounding has.
double error_on_others(std::size_t rows, std::size_t count, double mean, double common, double own) {
  constexpr std::size_t kOthers = 400, kChannels = 6;
  const auto width = static_cast<std::int64_t>(count);
  const auto draw = [&](std::size_t many, std::uint64_t seed) {
    LayerInputs inputs{many, std::vector<float>(many * count)};
    Random random({seed});
    for (std::size_t row = 0; row < many; ++row) {
      const double shared = common * random.normal();
      for (std::size_t i = 0; i < count; ++i)
        inputs.columns[i * many + row] = static_cast<float>(mean + shared + own * random.normal());
    }
    return inputs;
  };
  GraphBuilder build;
  const ValueId x = build.input("x", {1, width, 1, 1});
  const Tensor weight = random_tensor({kChannels, width, 1, 1}, 5);
  Int8Recipe recipe;
  recipe.base = build.finish({build.node(Conv2d{}, {x, build.constant("w", weight)}, "conv")});
  const Tensor rounded = rounded_weights(recipe, {{"conv", draw(rows, 7)}}).at("conv");
  const QuantizedWeight nearest = quantize_weight(weight, 0, weight_scales(weight, 0, {}));
  const LayerInputs others = draw(kOthers, 8);
  const auto error = [&](const Tensor& values) {
    double sum = 0;
    for (std::size_t k = 0; k < kChannels; ++k)
      for (std::size_t row = 0; row < kOthers; ++row) {
        double y = 0;
        for (std::size_t i = 0; i < count; ++i) {
          const std::size_t at = k * count + i;
          const float step = nearest.scales.data<float>()[k];
          EXPECT_LE(std::abs(static_cast<float>(values.data<std::int8_t>()[at]) - weight.data<float>()[at] / step),
                    1.001F);
          y += double{others.columns[i * kOthers + row]} *
               (double{step} * values.data<std::int8_t>()[at] - double{weight.data<float>()[at]});
        }
        sum += y * y;
      }
    return sum;
  };
  return error(rounded) / error(nearest.values);
}

TEST(RoundWeights, BeatsTheNearestOnCorrelatedInputs) { EXPECT_LT(error_on_others(200, 24, 1, 1, 0.3), 0.5); }

/// Plain least squares over 64 inputs of 256 independent numbers learns them by heart: 1.5 times the nearest's error.
TEST(RoundWeights, LearnsNothingFromChance) { EXPECT_LT(error_on_others(64, 256, 0, 0, 1), 1.25); }

}  // namespace
}  // namespace fovea
