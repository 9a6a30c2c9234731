#include "engine/plan.h"

#include <algorithm>

#include "engine/liveness.h"

namespace fovea {

NodeView step_view(const Plan& plan, const PlanStep& step) {
  NodeView view = plain_view(plan.graph, plan.graph.nodes().at(static_cast<std::size_t>(step.node)), plan.threads);
  for (std::size_t i = 0; i < view.inputs.size(); ++i) view.inputs[i].layout = step.input_layouts.at(i);
  for (std::size_t i = 0; i < view.outputs.size(); ++i) view.outputs[i].layout = step.output_layouts.at(i);
  return view;
}

MemoryFigures memory_figures(const Plan& plan) {
  MemoryFigures figures{plan.arena_bytes, 0, 0};
  const Liveness live = liveness(plan);
  std::vector<std::uint64_t> at_step(plan.steps.size());
  for (std::size_t s = 0; s < plan.steps.size(); ++s) at_step[s] = plan.steps[s].scratch_bytes;
  for (std::size_t id = 0; id < plan.values.size(); ++id) {
    const Liveness::Range range = live.range[id];
    if (plan.values[id].place != Place::kArena || range.made < 0) continue;
    const std::uint64_t bytes = value_bytes(plan, static_cast<ValueId>(id));
    figures.sum_of_values += bytes;
    const int end = std::min(range.last, static_cast<int>(plan.steps.size()) - 1);
    for (int s = range.made; s <= end; ++s) at_step[static_cast<std::size_t>(s)] += bytes;
  }
  for (const std::uint64_t bytes : at_step) figures.largest_live_set = std::max(figures.largest_live_set, bytes);
  return figures;
}

}  // namespace fovea
