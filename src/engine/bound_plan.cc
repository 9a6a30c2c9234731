#include "engine/bound_plan.h"

#include "engine/liveness.h"

namespace fovea {

BoundPlan::BoundPlan(const Executor& executor, std::size_t index, ContextBuffers& buffers)
    : plan_(&executor.engine().plans[index]),
      arena_(buffers.arena->data()),
      input_(buffers.input->data()),
      output_(buffers.output->data()),
      steps_(plan_->steps.size()) {
  const Liveness live = liveness(*plan_);
  for (std::size_t s = 0; s < steps_.size(); ++s) {
    BoundStep& bound = steps_[s];
    bound.step = &executor.step(index, s);
    bind(bound, plan_->graph.nodes()[static_cast<std::size_t>(plan_->steps[s].node)]);
    bound.bindings = {bound.inputs, bound.outputs, arena_ + scratch_offset(*plan_, s, *bound.step)};
    for (ValueId id = 0; id < static_cast<ValueId>(live.ready.size()); ++id)
      if (live.ready[static_cast<std::size_t>(id)] == static_cast<int>(s)) bound.made.push_back(id);
  }
}

std::uint64_t BoundPlan::scratch_offset(const Plan& plan, std::size_t i, const Step& step) {
  constexpr std::uint64_t kAlignment = 64;
  if (step.scratch_bytes() <= plan.steps[i].scratch_bytes) return plan.steps[i].scratch_offset;
  return (plan.arena_bytes + kAlignment - 1) / kAlignment * kAlignment;
}

void BoundPlan::bind(BoundStep& bound, const Node& node) {
  for (const ValueId input : node.inputs) bound.inputs.push_back(input == kNoValue ? nullptr : address(input));
  for (const ValueId output : node.outputs) bound.outputs.push_back(address(output));
  for (std::size_t i = 0; i < node.inputs.size(); ++i)
    if (node.inputs[i] != kNoValue && plan_->values[static_cast<std::size_t>(node.inputs[i])].place == Place::kInput)
      input_slots_.push_back(&bound.inputs[i]);
}

void BoundPlan::set_input(const std::byte* input) {
  for (const std::byte** slot : input_slots_) *slot = input;
}

std::byte* BoundPlan::address(ValueId id) const {
  const ValuePlan& where = plan_->values[static_cast<std::size_t>(id)];
  switch (where.place) {
    case Place::kArena:
      return arena_ + where.offset;
    case Place::kInput:
      return input_;
    case Place::kOutput:
      return output_;
    case Place::kNone:
      break;
  }
  return nullptr;
}

}  // namespace fovea
