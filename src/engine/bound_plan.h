#pragma once

#include <memory>
#include <vector>

#include "engine/executor.h"

namespace fovea {

/// The buffers of one context: arena of the largest plan, staging for input and output (64-byte aligned).
struct ContextBuffers {
  std::unique_ptr<Buffer> arena, input, output;
};

/// One plan's steps with the addresses of their operands in one context, fixed once; only the input's address may
/// change from run to run.
class BoundPlan {
 public:
  BoundPlan(const Executor& executor, std::size_t index, ContextBuffers& buffers);
  BoundPlan(BoundPlan&&) = default;  // vectors keep their memory when moved, so spans into them stay valid
  BoundPlan(const BoundPlan&) = delete;

  const Plan& plan() const { return *plan_; }
  std::size_t size() const { return steps_.size(); }
  void run_step(std::size_t i, Stream& stream) const { steps_[i].step->run(steps_[i].bindings, stream); }
  void set_input(const std::byte* input);
  /// Where a step's scratch begins: as planned, or behind the arena where it wants more than was planned.
  static std::uint64_t scratch_offset(const Plan& plan, std::size_t i, const Step& step);
  /// Where a value lies; null for constants.
  std::byte* address(ValueId id) const;
  /// Values that exist as of step i, the step's outputs and views of them.
  const std::vector<ValueId>& made_by(std::size_t i) const { return steps_[i].made; }

 private:
  struct BoundStep {
    const Step* step;
    std::vector<const std::byte*> inputs;
    std::vector<std::byte*> outputs;
    Bindings bindings;
    std::vector<ValueId> made;
  };
  void bind(BoundStep& bound, const Node& node);

  const Plan* plan_;
  std::byte *arena_, *input_, *output_;
  std::vector<BoundStep> steps_;
  std::vector<const std::byte**> input_slots_;
};

}  // namespace fovea
