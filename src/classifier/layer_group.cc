#include "classifier/layer_group.h"

#include <array>
#include <optional>

namespace fovea {
namespace {

bool one_position(const Graph& graph, const Node& node) {
  const Shape& shape = graph.value(node.inputs.at(0)).shape;
  return shape.rank() == 4 && shape[2] == 1 && shape[3] == 1;
}

constexpr std::array kGroups = {LayerGroup::kInput, LayerGroup::kConvolution, LayerGroup::kPooling,
                                LayerGroup::kFullyConnected, LayerGroup::kSoftmax};

struct Parts {
  const Graph& graph;
  const Node& node;
  using Group = std::optional<LayerGroup>;
  Group operator()(const PixelsToTensor&) const { return LayerGroup::kInput; }
  Group operator()(const Conv2d&) const {
    return one_position(graph, node) ? LayerGroup::kFullyConnected : LayerGroup::kConvolution;
  }
  Group operator()(const Pool&) const { return LayerGroup::kPooling; }
  Group operator()(const GlobalPool&) const { return LayerGroup::kPooling; }
  Group operator()(const Reduce&) const { return LayerGroup::kPooling; }
  Group operator()(const Gemm&) const { return LayerGroup::kFullyConnected; }
  Group operator()(const MatMul&) const { return LayerGroup::kFullyConnected; }
  Group operator()(const Softmax&) const { return LayerGroup::kSoftmax; }
  template <typename Other>
  Group operator()(const Other&) const {
    return std::nullopt;
  }
};

/// The parts of what runs as one; of a whole network all.
std::vector<LayerGroup> groups_of(const Region& region, std::int64_t batch, LayerGroup before) {
  if (region.body.text.empty()) return {kGroups.begin(), kGroups.end()};
  const Graph body = graph_of(region.body, batch);
  std::vector<LayerGroup> groups;
  for (const Node& node : body.nodes()) {
    before = std::visit(Parts{body, node}, node.op).value_or(before);
    if (groups.empty() || groups.back() != before) groups.push_back(before);
  }
  return groups;
}

}  // namespace

std::string_view name(LayerGroup group) {
  constexpr std::array<std::string_view, 5> kNames = {"input", "convolution", "pooling", "fully connected", "softmax"};
  return kNames.at(static_cast<std::size_t>(group));
}

std::vector<std::vector<LayerGroup>> layer_groups(const Plan& plan) {
  std::vector<std::vector<LayerGroup>> groups;
  LayerGroup before = LayerGroup::kInput;
  for (const PlanStep& step : plan.steps) {
    const Node& node = plan.graph.nodes()[static_cast<std::size_t>(step.node)];
    if (const auto* region = std::get_if<Region>(&node.op))
      groups.push_back(groups_of(*region, plan.graph.input_of(node, 0).shape[0], before));
    else
      groups.push_back({std::visit(Parts{plan.graph, node}, node.op).value_or(before)});
    before = groups.back().back();
  }
  return groups;
}

}  // namespace fovea
