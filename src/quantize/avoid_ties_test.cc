#include "quantize/avoid_ties.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/random.h"
#include "graph/text.h"

namespace fovea {
namespace {

/// How near n · r + m · s comes to a half, n and m whole numbers of usual sizes.
double nearest(double r, double s, Random& random) {
  double least = 1;
  for (int i = 0; i < 20000; ++i) {
    const double n = std::floor(random.uniform(-128 / r, 128 / r)), m = std::floor(random.uniform(-128, 128));
    const double y = n * r + m * s, fraction = y - std::floor(y);
    least = std::min(least, std::abs(fraction - 0.5));
  }
  return least;
}

TEST(AvoidTies, FractionsAreOddAndCloseFromAbove) {
  Random random({1});
  for (int i = 0; i < 2000; ++i) {
    const double ratio = std::exp(random.uniform(std::log(1e-5), std::log(20.0)));
    const OddFraction found = odd_fraction(ratio, 1.0 / 128);
    EXPECT_EQ(found.q % 2, 1) << ratio;
    EXPECT_GE(found.p, 1);
    EXPECT_GE(found.value(), ratio * (1 - 1e-5)) << ratio;
    EXPECT_LE(found.value(), ratio * (1 + 1.0 / 128)) << ratio;
  }
}

TEST(AvoidTies, OneThirdIsAThird) {
  const OddFraction third = odd_fraction(1.0 / 3, 1.0 / 128);
  EXPECT_EQ(third.p, 1);
  EXPECT_EQ(third.q, 3);
}

/// The q of what is added.
double apart_q(double added) { return added > 0 ? static_cast<double>(odd_fraction(added, 1e-4).q) : 1; }

/// Two convolutions in a row, a residual around the second, a stand-alone sum, and a mean over 9 pixels.
Graph network(Random& random) {
  Graph graph;
  const auto weights = [&](const std::string& name, Shape shape) {
    Tensor made(DType::kF32, std::move(shape));
    for (float& w : made.data<float>()) w = static_cast<float>(random.uniform(-0.3, 0.3));
    return graph.add_constant(name, made);
  };
  const ValueId x = graph.add_input("x", DType::kF32, {1, 8, 3, 3});
  const ValueId a = graph.add_node(Conv2d{.act = {Function::kRelu}}, {x, weights("w1", {8, 8, 1, 1})}, "first");
  const ValueId b =
      graph.add_node(Conv2d{.act = {}, .residual = true}, {a, weights("w2", {8, 8, 1, 1}), kNoValue, x}, "second");
  const ValueId c = graph.add_node(Binary{BinaryKind::kAdd, {}}, {b, a}, "sum");
  const ValueId d = graph.add_node(GlobalPool{PoolKind::kAverage}, {c}, "mean");
  const ValueId e = graph.add_node(Flatten{1}, {d}, "flat");
  const ValueId y = graph.add_node(Gemm{.trans_b = true, .act = {}}, {e, weights("w3", {4, 8})}, "fc");
  graph.set_outputs({y});
  return graph;
}

TEST(AvoidTies, NoSumOfANetworkComesNearAHalf) {
  Random random({2});
  int came_nearer = 0;
  for (int round = 0; round < 20; ++round) {
    const Graph graph = network(random);
    Ranges ranges;
    for (const Value& value : graph.values())
      if (!value.is_constant()) {
        const auto most = static_cast<float>(random.uniform(0.5, 8));
        ranges[value.name] = {-most, most};
      }
    QuantizeForm form{.numbers = QuantizedNumbers::kSigned};
    const Grid plain = grid_of(graph, ranges, form);
    form.tie_free = true;
    const Grid free = grid_of(graph, ranges, form);
    const auto scale = [&](const Grid& grid, const Node& node, std::size_t input) {
      return static_cast<double>(grid.activations.at(graph.value(node.inputs[input]).name).scale);
    };
    for (const Node& node : graph.nodes()) {
      const auto out = free.activations.find(graph.value(node.outputs[0]).name);
      const auto weights = free.weights.find(node.name);
      if (out == free.activations.end() || weights == free.weights.end()) continue;
      const auto y = static_cast<double>(out->second.scale);
      const double added = node.inputs.size() > 3 ? scale(free, node, 3) / y : 0;
      for (std::size_t k = 0; k < weights->second.size(); ++k) {
        const double r = scale(free, node, 0) * static_cast<double>(weights->second[k]) / y;
        const double apart = std::min(r, 1.0 / 1023) / 2 / apart_q(added);
        EXPECT_GT(nearest(r, added, random), 0.8 * apart) << node.name << ' ' << r << ' ' << added;
        came_nearer += nearest(r * static_cast<double>(plain.weights.at(node.name)[k] / weights->second[k]), added,
                               random) < 0.8 * apart;
        EXPECT_GE(weights->second[k], plain.weights.at(node.name)[k] * 0.9999F);
        EXPECT_LE(weights->second[k], plain.weights.at(node.name)[k] * 1.008F);
      }
    }
    for (const auto& [value, activation] : free.activations) {
      EXPECT_GE(activation.scale, plain.activations.at(value).scale * 0.9999F) << value;
      EXPECT_LE(activation.scale, plain.activations.at(value).scale * 1.5F) << value;
    }
    const Node& sum = *graph.find_node("sum");
    const auto y = static_cast<double>(free.activations.at(graph.value(sum.outputs[0]).name).scale);
    for (const std::size_t i : {std::size_t{0}, std::size_t{1}}) {
      const double times = scale(free, sum, i) / y * 315;  // of all odd q up to 9 a multiple
      EXPECT_NEAR(times, std::round(times), 1e-2) << i;
    }
  }
  EXPECT_GT(came_nearer, 100);  // the scales as they were
}

}  // namespace
}  // namespace fovea
