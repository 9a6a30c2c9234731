#include "train/zoo/initialize.h"

#include <algorithm>
#include <cmath>

#include "base/io/file.h"
#include "base/io/hash.h"
#include "base/random.h"

namespace fovea::train {
namespace {

constexpr double kLinearDeviation = 0.01;

Tensor filled(const Shape& shape, float value) {
  Tensor tensor(DType::kF32, shape);
  std::ranges::fill(tensor.data<float>(), value);
  return tensor;
}

void fill_constant(Graph& graph, const Node& node, std::size_t input, float number) {
  if (!graph.has_input(node, input)) return;
  Value& value = graph.value(node.inputs[input]);
  value.constant = filled(value.shape, number);
}

void fill_normal(Graph& graph, ValueId id, double deviation, std::uint64_t seed) {
  Value& value = graph.value(id);
  value.constant = normal_tensor(value.shape, deviation, seed, value.name);
}

void initialize_node(Graph& graph, const Node& node, std::uint64_t seed) {
  if (const auto* conv = std::get_if<Conv2d>(&node.op)) {
    const Shape& filter = graph.input_of(node, 1).shape;
    const double fan_out = static_cast<double>(filter[0] * filter[2] * filter[3]) / conv->groups;
    fill_normal(graph, node.inputs[1], std::sqrt(2.0 / fan_out), seed);
    fill_constant(graph, node, 2, 0);
  } else if (std::holds_alternative<Gemm>(node.op)) {
    fill_normal(graph, node.inputs[1], kLinearDeviation, seed);
    fill_constant(graph, node, 2, 0);
  } else if (std::holds_alternative<BatchNorm>(node.op)) {
    const float identity[] = {1, 0, 0, 1};  // scale, bias, mean, variance
    for (std::size_t i = 0; i < 4; ++i) fill_constant(graph, node, i + 1, identity[i]);
  }
}

}  // namespace

Tensor normal_tensor(Shape shape, double deviation, std::uint64_t seed, const std::string& name) {
  Random random({seed, hash64(as_bytes(name))});
  Tensor tensor(DType::kF32, std::move(shape));
  for (float& x : tensor.data<float>()) x = static_cast<float>(deviation * random.normal());
  return tensor;
}

void initialize(Graph& graph, std::uint64_t seed) {
  for (const Node& node : graph.nodes()) initialize_node(graph, node, seed);
}

}  // namespace fovea::train
