#include "engine/step_cost.h"

#include "engine/liveness.h"

namespace fovea {

StepCost step_cost(const Engine& engine, const Plan& plan, const PlanStep& step) {
  const Node& node = plan.graph.nodes().at(static_cast<std::size_t>(step.node));
  StepCost cost;
  cost.macs = macs(plan.graph, node);
  for (const ValueId id : node.inputs)
    if (id != kNoValue && !plan.graph.value(id).is_constant()) cost.value_bytes += value_bytes(plan, id);
  for (const ValueId id : node.outputs) cost.value_bytes += value_bytes(plan, id);
  if (step.blob >= 0) cost.weight_bytes = engine.blobs[static_cast<std::size_t>(step.blob)].size();
  return cost;
}

}  // namespace fovea
