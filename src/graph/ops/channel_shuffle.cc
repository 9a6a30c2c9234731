#include "graph/ops/channel_shuffle.h"

#include "graph/ops/rules.h"
#include "graph/ops/strided.h"

namespace fovea {

std::vector<ValueType> infer_types(const ChannelShuffle& op, std::span<const OperandType> inputs) {
  expect_inputs("channel_shuffle", inputs, 1, 1);
  const Shape& x = inputs[0].type.shape;
  expect(x.rank() >= 2, "channel_shuffle", "input is {}, expected rank 2 or more", x.str());
  expect(op.groups > 0 && x[1] % op.groups == 0, "channel_shuffle", "{} groups of {} channels", op.groups, x[1]);
  return one(inputs[0].type);
}

std::vector<Tensor> compute_reference(const ChannelShuffle& op, std::span<const Tensor> inputs) {
  const Shape& x = inputs[0].shape();
  const AxisView view = axis_view(x, 1);
  const std::int64_t each = view.size / op.groups;
  const Tensor mixed = strided_copy(inputs[0], {view.outer, each, op.groups, view.inner}, 0,
                                    {view.size * view.inner, view.inner, each * view.inner, 1});
  return {mixed.reshaped(x)};
}

}  // namespace fovea
