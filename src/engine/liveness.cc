#include "engine/liveness.h"

#include <algorithm>

#include "engine/parts.h"

namespace fovea {
namespace {

/// Whose part a value is, and where in it.
struct Parent {
  ValueId whole = kNoValue;
  std::uint64_t offset = 0;
};

class Memory {
 public:
  explicit Memory(const Plan& plan)
      : plan_(plan), step_(plan.graph.nodes().size(), -1), parent_(plan.graph.values().size()) {
    for (std::size_t s = 0; s < plan.steps.size(); ++s)
      step_[static_cast<std::size_t>(plan.steps[s].node)] = static_cast<int>(s);
    for (std::size_t i = 0; i < step_.size(); ++i)
      if (step_[i] < 0) link(plan.graph.nodes()[i]);
  }

  /// Slices lead back to what they look at, then concats forward to the largest whole: never in a circle.
  void resolve(Liveness& live) const {
    const std::size_t count = parent_.size();
    live.root.resize(count);
    live.offset.assign(count, 0);
    for (std::size_t id = 0; id < count; ++id) {
      auto at = static_cast<ValueId>(id);
      for (; parent(at).whole != kNoValue; at = parent(at).whole) live.offset[id] += parent(at).offset;
      live.root[id] = at;
    }
    live.ready.assign(count, -1);
    for (std::size_t i = 0; i < step_.size(); ++i) {
      const Node& node = plan_.graph.nodes()[i];
      int at = step_[i];
      for (const ValueId input : node.inputs)
        if (step_[i] < 0 && input != kNoValue) at = std::max(at, live.ready[static_cast<std::size_t>(input)]);
      for (const ValueId output : node.outputs) live.ready[static_cast<std::size_t>(output)] = at;
    }
  }

 private:
  const Parent& parent(ValueId id) const { return parent_[static_cast<std::size_t>(id)]; }
  void set(ValueId id, const Parent& to) {
    Parent& at = parent_[static_cast<std::size_t>(id)];
    if (at.whole == kNoValue) at = to;  // a second one is an error that validation names
  }

  void link(const Node& node) {
    if (node.inputs.empty() || node.inputs[0] == kNoValue) return;
    const auto parts = part_offsets(stepless_view(plan_, node));
    if (parts && std::holds_alternative<Concat>(node.op)) {
      for (std::size_t i = 0; i < node.inputs.size(); ++i) set(node.inputs[i], {node.outputs[0], (*parts)[i]});
    } else {
      for (const ValueId output : node.outputs) set(output, {node.inputs[0], parts ? (*parts)[0] : 0});
    }
  }

  const Plan& plan_;
  std::vector<int> step_;  ///< by node, −1: none
  std::vector<Parent> parent_;
};

}  // namespace

NodeView stepless_view(const Plan& plan, const Node& node) {
  NodeView view = plain_view(plan.graph, node, plan.threads);
  const auto layout = [&](ValueId id) {
    return id == kNoValue ? Layout::kPlain : plan.values[static_cast<std::size_t>(id)].layout;
  };
  for (std::size_t i = 0; i < view.inputs.size(); ++i) view.inputs[i].layout = layout(node.inputs[i]);
  for (std::size_t i = 0; i < view.outputs.size(); ++i) view.outputs[i].layout = layout(node.outputs[i]);
  return view;
}

Liveness liveness(const Plan& plan) {
  Liveness live;
  Memory(plan).resolve(live);
  live.range.resize(plan.graph.values().size());
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
