#include "engine/liveness.h"

#include <algorithm>
#include <numeric>

namespace fovea {
namespace {

/// Views stand in topological order like all nodes, so one pass resolves chains of them.
std::vector<ValueId> roots(const Plan& plan) {
  std::vector<ValueId> root(plan.graph.values().size());
  std::iota(root.begin(), root.end(), 0);
  std::vector<bool> has_step(plan.graph.nodes().size(), false);
  for (const PlanStep& step : plan.steps) has_step[static_cast<std::size_t>(step.node)] = true;
  for (std::size_t i = 0; i < has_step.size(); ++i) {
    const Node& node = plan.graph.nodes()[i];
    if (has_step[i] || node.inputs.empty() || node.inputs[0] == kNoValue) continue;
    for (const ValueId output : node.outputs)
      root[static_cast<std::size_t>(output)] = root[static_cast<std::size_t>(node.inputs[0])];
  }
  return root;
}

}  // namespace

Liveness liveness(const Plan& plan) {
  Liveness live{roots(plan), std::vector<Liveness::Range>(plan.graph.values().size())};
  const auto range = [&](ValueId id) -> Liveness::Range& {
    return live.range[static_cast<std::size_t>(live.root[static_cast<std::size_t>(id)])];
  };
  for (int s = 0; s < static_cast<int>(plan.steps.size()); ++s) {
    const Node& node = plan.graph.nodes()[static_cast<std::size_t>(plan.steps[static_cast<std::size_t>(s)].node)];
    for (const ValueId input : node.inputs)
      if (input != kNoValue) range(input).last = std::max(range(input).last, s);
    for (const ValueId output : node.outputs) {
      if (range(output).made < 0) range(output).made = s;
      range(output).last = std::max(range(output).last, s);
    }
  }
  for (const ValueId output : plan.graph.outputs()) range(output).last = static_cast<int>(plan.steps.size());
  return live;
}

std::uint64_t value_bytes(const Plan& plan, ValueId id) {
  const Value& value = plan.graph.value(id);
  return byte_size(value.dtype, value.shape, plan.values[static_cast<std::size_t>(id)].layout);
}

}  // namespace fovea
