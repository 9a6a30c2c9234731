#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

#include "base/error.h"
#include "graph/builder.h"
#include "graph/reference.h"
#include "testing/graph_random.h"
#include "train/interpret.h"

// Every op, forward against the reference and gradients against finite differences of the reference.
namespace fovea::train {
namespace {

struct OpCase {
  std::string name;
  std::function<Graph()> make;
  bool smooth = true;  ///< finite differences make sense (no integers, no rounding)
  float low = -1, high = 1;
};
void PrintTo(const OpCase& c, std::ostream* out) { *out << c.name; }

Tensor rnd(Shape shape, std::uint64_t seed, float low = -1, float high = 1) {
  return random_tensor(DType::kF32, std::move(shape), seed, low, high);
}

/// One node on an input of `shape`; `constants` are its further operands.
OpCase one(std::string name, Op op, Shape shape, std::vector<Tensor> constants = {}, float low = -1, float high = 1) {
  return {name,
          [=] {
            GraphBuilder net;
            std::vector<ValueId> inputs = {net.input("x", shape)};
            for (const Tensor& c : constants) {
              inputs.push_back(c.empty() ? kNoValue : net.constant("c" + std::to_string(inputs.size()), c));
            }
            return net.finish({net.node(op, inputs, "node")});
          },
          true, low, high};
}

OpCase rough(OpCase c) {
  c.smooth = false;
  return c;
}

Conv2d conv(std::array<int, 2> strides, std::array<int, 4> pads, std::array<int, 2> dilations = {1, 1},
            int groups = 1) {
  Conv2d op;
  op.strides = strides;
  op.pads = pads;
  op.dilations = dilations;
  op.groups = groups;
  return op;
}

Pool pool(PoolKind kind, std::array<int, 2> kernel, std::array<int, 2> strides, std::array<int, 4> pads,
          bool ceil = false, bool include_pad = false, std::array<int, 2> dilations = {1, 1}) {
  return {kind, kernel, strides, pads, dilations, ceil, include_pad};
}

Binary binary(BinaryKind kind) {
  Binary op;
  op.kind = kind;
  return op;
}

Gemm gemm(bool trans_a, bool trans_b, float alpha, float beta) {
  Gemm op;
  op.trans_a = trans_a;
  op.trans_b = trans_b;
  op.alpha = alpha;
  op.beta = beta;
  return op;
}

OpCase fused_conv() {
  return {"conv_residual_relu", [] {
            GraphBuilder net;
            const ValueId x = net.input("x", {1, 2, 4, 4});
            Conv2d op = conv({1, 1}, {1, 1, 1, 1});
            op.residual = true;
            op.act = {Function::kSilu};
            return net.finish(
                {net.node(op, {x, net.constant("w", rnd({2, 2, 3, 3}, 1)), net.constant("b", rnd({2}, 2)), x}, "n")});
          }};
}

OpCase concat_split() {
  return {"concat_split",
          [] {
            GraphBuilder net;
            const ValueId x = net.input("x", {1, 3, 2, 2});
            const ValueId both = net.node(Concat{1}, {x, net.relu("r", x)}, "cat");
            net.node(Split{1, {2, 4}}, {both}, "split");
            const ValueId second = net.graph().nodes().back().outputs[1];
            return net.finish({second});
          },
          true, 0.1F, 1};
}

OpCase quantize_dequantize() {
  return rough({"quantize_dequantize", [] {
                  GraphBuilder net;
                  const ValueId x = net.input("x", {1, 3, 2, 2});
                  const ValueId scale = net.constant("s", Tensor::of<float>({3}, {0.01F, 0.02F, 0.005F}));
                  const ValueId zero = net.constant("z", Tensor::of<std::int8_t>({3}, {0, 3, -2}));
                  const ValueId q = net.node(Quantize{DType::kS8, 1}, {x, scale, zero}, "q");
                  return net.finish({net.node(Dequantize{1}, {q, scale, zero}, "dq")});
                }});
}

std::vector<OpCase> functions() {
  std::vector<OpCase> cases;
  for (int i = 0; i <= static_cast<int>(Function::kRound); ++i) {
    const auto function = static_cast<Function>(i);
    const bool positive =
        function == Function::kSqrt || function == Function::kLog || function == Function::kReciprocal;
    const Activation act = {function, function == Function::kClip ? -0.5F : 0.2F, 0.5F};
    OpCase c = one("unary_" + std::string(name(function)), Unary{act}, {1, 3, 3, 3}, {}, positive ? 0.3F : -3, 3);
    cases.push_back(function >= Function::kFloor ? rough(c) : c);
  }
  return cases;
}

std::vector<OpCase> cases() {
  std::vector<OpCase> all = functions();
  const std::vector<OpCase> others = {
      one("conv", conv({1, 1}, {1, 1, 1, 1}), {1, 2, 5, 5}, {rnd({4, 2, 3, 3}, 1), rnd({4}, 2)}),
      one("conv_uneven", conv({2, 1}, {0, 1, 2, 0}, {1, 2}), {1, 2, 6, 6}, {rnd({3, 2, 3, 2}, 1)}),
      one("conv_depthwise", conv({2, 2}, {1, 1, 1, 1}, {1, 1}, 4), {1, 4, 5, 5}, {rnd({4, 1, 3, 3}, 1), rnd({4}, 2)}),
      fused_conv(),
      one("gemm", gemm(false, true, 1, 1), {2, 5}, {rnd({3, 5}, 1), rnd({3}, 2)}),
      one("gemm_general", gemm(true, false, 0.5F, 2), {5, 2}, {rnd({5, 3}, 1), rnd({2, 1}, 2)}),
      one("matmul", MatMul{}, {2, 3, 4}, {rnd({4, 5}, 1)}),
      one("batch_norm", BatchNorm{}, {2, 3, 2, 2}, {rnd({3}, 1), rnd({3}, 2), rnd({3}, 3), rnd({3}, 4, 0.5F, 2)}),
      one("prelu", PRelu{}, {1, 3, 2, 2}, {rnd({3, 1, 1}, 1)}),
      one("add", binary(BinaryKind::kAdd), {2, 3, 2, 2}, {rnd({3, 1, 1}, 1)}),
      one("sub", binary(BinaryKind::kSub), {2, 3}, {rnd({2, 3}, 1)}),
      one("mul", binary(BinaryKind::kMul), {2, 3}, {rnd({3}, 1)}),
      one("div", binary(BinaryKind::kDiv), {2, 3}, {rnd({3}, 1, 0.5F, 2)}),
      one("max", binary(BinaryKind::kMax), {2, 3}, {rnd({3}, 1)}),
      one("min", binary(BinaryKind::kMin), {2, 3}, {rnd({3}, 1)}),
      one("pow", binary(BinaryKind::kPow), {2, 3}, {rnd({3}, 1, 1, 3)}, 0.2F, 2),
      one("max_pool", pool(PoolKind::kMax, {3, 3}, {2, 2}, {1, 1, 1, 1}), {1, 2, 7, 7}),
      one("max_pool_ceil", pool(PoolKind::kMax, {3, 2}, {2, 2}, {0, 1, 1, 0}, true), {1, 2, 6, 7}),
      one("max_pool_dilated", pool(PoolKind::kMax, {2, 2}, {1, 1}, {0, 0, 0, 0}, false, false, {2, 2}), {1, 1, 6, 6}),
      one("average_pool", pool(PoolKind::kAverage, {3, 3}, {2, 2}, {1, 1, 1, 1}), {1, 2, 7, 7}),
      one("average_pool_include", pool(PoolKind::kAverage, {3, 3}, {2, 2}, {1, 1, 1, 1}, false, true), {1, 2, 7, 7}),
      one("average_pool_uneven", pool(PoolKind::kAverage, {3, 2}, {2, 2}, {0, 1, 1, 0}), {1, 2, 6, 7}),
      one("average_pool_ceil", pool(PoolKind::kAverage, {3, 3}, {2, 2}, {1, 1, 1, 1}, true), {1, 2, 6, 6}),
      one("average_pool_ceil_include", pool(PoolKind::kAverage, {3, 3}, {2, 2}, {1, 1, 1, 1}, true, true),
          {1, 2, 6, 6}),
      one("global_average_pool", GlobalPool{PoolKind::kAverage}, {2, 3, 4, 4}),
      one("global_max_pool", GlobalPool{PoolKind::kMax}, {2, 3, 4, 4}),
      concat_split(),
      one("slice", Slice{{2, 3}, {1, -3}, {100, -1}, {2, 1}}, {1, 2, 6, 5}),
      one("slice_backwards", Slice{{1}, {-1}, {std::numeric_limits<std::int64_t>::min()}, {-2}}, {2, 5}),
      one("reshape", Reshape{{0, -1, 2}}, {2, 3, 4}),
      one("flatten", Flatten{2}, {2, 3, 2, 2}),
      one("squeeze", Squeeze{{2, 3}}, {2, 3, 1, 1}),
      one("unsqueeze", Unsqueeze{{0, 3}}, {2, 3}),
      one("transpose", Transpose{{0, 2, 3, 1}}, {1, 2, 3, 4}),
      one("reduce_mean", Reduce{ReduceKind::kMean, {2, 3}, false}, {2, 3, 2, 2}),
      one("reduce_sum", Reduce{ReduceKind::kSum, {}, true}, {2, 3}),
      one("reduce_max", Reduce{ReduceKind::kMax, {1}, true}, {2, 3}),
      one("softmax", Softmax{1, false}, {2, 5}),
      one("log_softmax", Softmax{1, true}, {2, 5}),
      one("pad", Pad{{0, 0, 1, -1}, {0, 1, 0, 2}, PadMode::kConstant, 0.5F}, {1, 2, 3, 4}),
      one("pad_reflect", Pad{{0, 0, 1, 2}, {0, 0, 2, 1}, PadMode::kReflect, 0}, {1, 2, 3, 4}),
      one("pad_edge", Pad{{0, 0, 1, 2}, {0, 0, 2, 1}, PadMode::kEdge, 0}, {1, 2, 3, 4}),
      one("pad_wrap", Pad{{0, 0, 1, 2}, {0, 0, 2, 1}, PadMode::kWrap, 0}, {1, 2, 3, 4}),
      one("identity", Identity{}, {2, 3}),
      one("dropout", Dropout{0.5F}, {2, 3}),
      rough(one("cast", Cast{DType::kS32}, {2, 3}, {}, -5, 5)),
      one("lrn", Lrn{3, 0.1F, 0.75F, 1}, {1, 5, 2, 2}),
      one("lrn_even", Lrn{4, 0.1F, 0.75F, 1}, {1, 6, 2, 2}),
      quantize_dequantize(),
  };
  all.insert(all.end(), others.begin(), others.end());
  return all;
}

class EveryOp : public testing::TestWithParam<OpCase> {};

/// Distinct numbers, further apart than a finite difference reaches, so that no maximum changes its place; shuffled by
/// seed.
Tensor input_of(const OpCase& c, const Graph& graph) {
  Tensor x = rnd(graph.value(graph.inputs()[0]).shape, 11);
  const auto numbers = x.data<float>();
  std::vector<std::size_t> order(numbers.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&](std::size_t i) { return numbers[i]; });
  const float step = (c.high - c.low) / static_cast<float>(numbers.size());
  for (std::size_t rank = 0; rank < order.size(); ++rank)
    numbers[order[rank]] = c.low + (static_cast<float>(rank) + 0.37F) * step;
  return x;
}

TEST_P(EveryOp, AgreesWithTheReference) {
  const Graph graph = GetParam().make();
  const Tensor x = input_of(GetParam(), graph);
  const Tensor expected = run_reference(graph, std::span(&x, 1))[0];
  expect_close(interpret(graph, std::span(&x, 1))[0], expected, 2e-5, 2e-5);
}

double weighted_sum(const Graph& graph, const Tensor& x, const Tensor& weights) {
  const Tensor y = run_reference(graph, std::span(&x, 1))[0];
  double sum = 0;
  for (std::size_t i = 0; i < y.data<float>().size(); ++i)
    sum += static_cast<double>(y.data<float>()[i]) * weights.data<float>()[i];
  return sum;
}

/// Central differences of `f` at elements of `at`, which f reads; every third element.
void expect_gradient(Tensor& at, const Tensor& gradient, const std::function<double()>& f, const std::string& what) {
  constexpr float kStep = 2e-3F;
  ASSERT_EQ(at.shape(), gradient.shape()) << what;
  for (std::size_t i = 0; i < at.data<float>().size(); i += 3) {
    const float kept = at.data<float>()[i];
    at.data<float>()[i] = kept + kStep;
    const double above = f();
    at.data<float>()[i] = kept - kStep;
    const double below = f();
    at.data<float>()[i] = kept;
    EXPECT_NEAR(gradient.data<float>()[i], (above - below) / (2 * kStep), 0.03) << what << "[" << i << "]";
  }
}

TEST_P(EveryOp, HasTheGradientOfTheReference) {
  if (!GetParam().smooth) GTEST_SKIP() << "no gradient";
  Graph graph = GetParam().make();
  Tensor x = input_of(GetParam(), graph);
  const Tensor weights = rnd(graph.value(graph.outputs()[0]).shape, 12);
  const auto gradients = differentiate(graph, std::span(&x, 1), weights);
  const auto f = [&] { return weighted_sum(graph, x, weights); };
  ASSERT_TRUE(gradients.contains("x"));
  expect_gradient(x, gradients.at("x"), f, "x");
  for (const auto& [name, gradient] : gradients) {
    if (name == "x") continue;
    Value& value = graph.value(graph.find_value(name));
    value.constant = value.constant.clone();
    expect_gradient(value.constant, gradient, f, name);
  }
}

TEST_P(EveryOp, TrainsWhatTheOpMarks) {
  if (!GetParam().smooth) GTEST_SKIP() << "no gradient";
  const Graph graph = GetParam().make();
  const Tensor x = input_of(GetParam(), graph);
  const auto gradients = differentiate(graph, std::span(&x, 1), rnd(graph.value(graph.outputs()[0]).shape, 12));
  for (const Node& node : graph.nodes()) {
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      if (!graph.has_input(node, i) || !graph.input_of(node, i).is_constant()) continue;
      const bool trains = (trainable_inputs(node.op) >> i & 1U) != 0;
      EXPECT_EQ(gradients.contains(graph.input_of(node, i).name), trains) << node.name << " input " << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Ops, EveryOp, testing::ValuesIn(cases()), [](const auto& at) { return at.param.name; });

TEST(Interpret, RandomNetsAgreeWithTheReference) {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE(seed);
    const Graph graph = random_cnn(seed);
    const Tensor x = rnd(graph.value(graph.inputs()[0]).shape, seed);
    expect_close(interpret(graph, std::span(&x, 1))[0], run_reference(graph, std::span(&x, 1))[0], 1e-4, 1e-4);
  }
}

TEST(Interpret, PixelsBecomeATensor) {
  GraphBuilder net;
  const ValueId x = net.input("x", {2, 3, 4, 3}, DType::kU8);
  const Graph graph =
      net.finish({net.node(PixelsToTensor{1 / 255.0F, {0.4F, 0.5F, 0.6F}, {0.2F, 0.3F, 0.4F}}, {x}, "front")});
  const Tensor pixels = random_tensor(DType::kU8, {2, 3, 4, 3}, 1, 0, 255);
  expect_close(interpret(graph, std::span(&pixels, 1))[0], run_reference(graph, std::span(&pixels, 1))[0], 1e-5, 1e-5);
}

/// q = clamp(round(x / s)), y = q · s: dy/dx is 1 inside and 0 where q saturates; dy/ds is q − x / s inside and the
/// bound beyond (LSQ), divided by √(numbers · 127).
TEST(Interpret, GradientsGoStraightThroughQuantization) {
  GraphBuilder net;
  const ValueId x = net.input("x", {1, 4});
  const ValueId scale = net.constant("s", Tensor::scalar(0.5F));
  const ValueId q = net.node(Quantize{DType::kS8, 1}, {x, scale, kNoValue}, "q");
  const Graph graph = net.finish({net.node(Dequantize{1}, {q, scale, kNoValue}, "d")});
  const Tensor input = Tensor::of<float>({1, 4}, {0.6F, -0.3F, 100, -100});
  const auto gradients = differentiate(graph, std::span(&input, 1), Tensor::of<float>({1, 4}, {1, 1, 1, 1}));
  const std::vector<float> expected = {1, 1, 0, 0};
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(gradients.at("x").data<float>()[i], expected[i], 1e-6) << i;
  const double by_scale = (1 - 1.2) + (-1 + 0.6) + 127 - 128;
  EXPECT_NEAR(gradients.at("s").data<float>()[0], by_scale / std::sqrt(4 * 127.0), 1e-5);
}

/// A pair at once gives what the two nodes give alone: here something else reads the integers of the second graph.
TEST(Interpret, PairsOfQuantizationAreTheirParts) {
  for (const bool per_channel : {false, true}) {
    const auto pair = [&](bool apart) {
      GraphBuilder net;
      const ValueId x = net.input("x", {2, 3, 4, 4});
      const ValueId scale = net.constant(
          "s", per_channel ? Tensor::of<float>({3}, {0.01F, 0.02F, 0.005F}) : Tensor::of<float>({1}, {0.01F}));
      const ValueId zero =
          net.constant("z", per_channel ? Tensor::of<std::int8_t>({3}, {0, 3, -2}) : Tensor::of<std::int8_t>({1}, {4}));
      const ValueId q = net.node(Quantize{DType::kS8, 1}, {x, scale, zero}, "q");
      const ValueId y = net.node(Dequantize{1}, {q, scale, zero}, "d");
      return net.finish(apart ? std::vector{y, q} : std::vector{y});
    };
    const Tensor input = rnd({2, 3, 4, 4}, 1), weights = rnd({2, 3, 4, 4}, 2);
    const auto once = differentiate(pair(false), std::span(&input, 1), weights);
    const auto parts = differentiate(pair(true), std::span(&input, 1), weights);
    ASSERT_EQ(once.size(), 2U);
    expect_close(once.at("x"), parts.at("x"), 1e-6, 1e-6);
    expect_close(once.at("s"), parts.at("s"), 1e-4, 1e-4);
  }
}

TEST(Interpret, NamesTheNodeWithoutAGradient) {
  GraphBuilder net;
  const ValueId x = net.input("x", {1, 3});
  const Graph graph = net.finish({net.node(Unary{{Function::kRound}}, {x}, "the_node")});
  const Tensor input = rnd({1, 3}, 1);
  try {
    differentiate(graph, std::span(&input, 1), rnd({1, 3}, 2));
    FAIL() << "expected an error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUnsupported);
    EXPECT_THAT(error.message(), testing::HasSubstr("the_node"));
  }
}

}  // namespace
}  // namespace fovea::train
