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

namespace {

/// Bytes of inputs that end at step `s` and in which one of its outputs lies.
std::uint64_t written_in_place(const Plan& plan, const Liveness& live, int s) {
  const auto id_of = [](ValueId id) { return static_cast<std::size_t>(id); };
  const Node& node = plan.graph.nodes()[id_of(plan.steps[id_of(s)].node)];
  for (const ValueId output : node.outputs)
    for (const ValueId input : node.inputs) {
      if (input == kNoValue || plan.values[id_of(input)].place != Place::kArena) continue;
      const ValueId root = live.root[id_of(input)];
      const bool ends = live.range[id_of(root)].last == s && live.range[id_of(root)].made < s;
      const ValuePlan &a = plan.values[id_of(output)], &b = plan.values[id_of(root)];
      if (ends && a.place == b.place && a.offset == b.offset)
        return std::min(value_bytes(plan, output), value_bytes(plan, root));
    }
  return 0;
}

}  // namespace

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
  for (std::size_t s = 0; s < plan.steps.size(); ++s) at_step[s] -= written_in_place(plan, live, static_cast<int>(s));
  for (const std::uint64_t bytes : at_step) figures.largest_live_set = std::max(figures.largest_live_set, bytes);
  return figures;
}

}  // namespace fovea
