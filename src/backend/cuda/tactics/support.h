#pragma once

#include <functional>
#include <string>

#include "backend/api/tactic.h"
#include "backend/cuda/device.h"
#include "backend/cuda/kernels/elementwise.h"

namespace fovea::cuda {

/// Questions that many tactics ask of a view; the answers are Support with the reason in words.
Support all_numbers(const NodeView& view);            ///< activations f32, f16, bf16, or 8 bits quantised per tensor
Support all_in(const NodeView& view, Layout layout);  ///< every activation of rank 4

Number number_of(const OperandView& view);
bool same_order(const OperandView& a, const OperandView& b);    ///< elements lie in the same order in memory
std::vector<std::int64_t> strides_of(const OperandView& view);  ///< in memory, by logical axis; plain and nhwc

/// The walk over y's memory with another operand's strides: axes of 1 go, neighbours that lie as one become one.
struct Axis {
  std::int64_t size, out, a, b;
};
Walk walk_of(std::vector<Axis> axes);
bool fits(const std::vector<Axis>& axes);  ///< into a walk

/// A step that is a function of bindings and a stream.
template <typename Run>
class FunctionStep final : public Step {
 public:
  explicit FunctionStep(Run run) : run_(std::move(run)) {}
  void run(const Bindings& bindings, Stream& stream) const override { run_(bindings, stream_of(stream)); }

 private:
  Run run_;
};
template <typename Run>
std::unique_ptr<Step> make_step(Run run) {
  return std::make_unique<FunctionStep<Run>>(std::move(run));
}

}  // namespace fovea::cuda
