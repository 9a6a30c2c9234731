#include <algorithm>

#include "backend/cuda/kernels/reduce.h"
#include "backend/cuda/tactics.h"
#include "backend/cuda/tactics/support.h"

namespace fovea::cuda {
namespace {

// ---- pooling
// ---------------------------------------------------------------------------------------------------------

Support pool_supports(const NodeView& view, const DeviceInfo&) {
  if (!std::holds_alternative<Pool>(view.op)) return Support::no("no pooling");
  if (auto answer = all_numbers(view); !answer) return answer;
  if (view.outputs[0].layout == Layout::kBlocked16) return Support::no("blocked channels");
  return all_in(view, view.outputs[0].layout);
}

std::unique_ptr<Step> pool_make(const NodeView& view, const Config&, std::span<const std::byte>, Device&) {
  const auto& op = std::get<Pool>(view.op);
  const Shape &x = view.inputs[0].shape, &y = view.outputs[0].shape;
  const auto size = [](std::int64_t v) { return static_cast<int>(v); };
  const PoolShape shape{size(x[0]),
                        size(x[1]),
                        size(x[2]),
                        size(x[3]),
                        size(y[2]),
                        size(y[3]),
                        op.kernel[0],
                        op.kernel[1],
                        op.strides[0],
                        op.strides[1],
                        op.pads[0],
                        op.pads[1],
                        op.dilations[0],
                        op.dilations[1],
                        op.pads[2],
                        op.pads[3],
                        op.kind == PoolKind::kAverage,
                        op.count_include_pad,
                        view.outputs[0].layout == Layout::kPlain};
  return make_step([=, from = number_of(view.inputs[0]), to = number_of(view.outputs[0])](const Bindings& bindings,
                                                                                          cudaStream_t stream) {
    launch_pool(bindings.inputs[0], bindings.outputs[0], from, to, shape, stream);
  });
}

// ---- reductions
// ------------------------------------------------------------------------------------------------------

/// A reduction as the middle of [outer, size, inner] of memory.
struct Middle {
  Fold fold = Fold::kMean;
  std::int64_t outer = 1, size = 1, inner = 1;
};

std::optional<Middle> middle_of(const NodeView& view) {
  const OperandView& x = view.inputs.at(0);
  Middle made;
  if (const auto* pool = std::get_if<GlobalPool>(&view.op)) {
    const Shape& s = x.shape;
    made.fold = pool->kind == PoolKind::kMax ? Fold::kMax : Fold::kMean;
    if (x.layout == Layout::kNhwc) return Middle{made.fold, s[0], s[2] * s[3], s[1]};
    return Middle{made.fold, s[0] * s[1], s[2] * s[3], 1};
  }
  const auto* reduce = std::get_if<Reduce>(&view.op);
  if (reduce == nullptr) return std::nullopt;
  made.fold = reduce->kind == ReduceKind::kMax   ? Fold::kMax
              : reduce->kind == ReduceKind::kSum ? Fold::kSum
                                                 : Fold::kMean;
  const auto reduced = [&](int axis) {
    return reduce->axes.empty() || std::ranges::find(reduce->axes, axis) != reduce->axes.end();
  };
  bool behind = false;
  for (int axis = 0; axis < x.shape.rank(); ++axis) {
    if (!reduced(axis))
      (behind ? made.inner : made.outer) *= x.shape[axis];
    else if (made.inner != 1)
      return std::nullopt;  // two groups of axes
    else
      behind = true, made.size *= x.shape[axis];
  }
  return made;
}

Support fold_supports(const NodeView& view, const DeviceInfo&) {
  if (!std::holds_alternative<GlobalPool>(view.op) && !std::holds_alternative<Reduce>(view.op))
    return Support::no("no reduction");
  if (auto answer = all_numbers(view); !answer) return answer;
  const OperandView &x = view.inputs[0], &y = view.outputs[0];
  if (x.constant || x.layout == Layout::kBlocked16 || y.layout == Layout::kBlocked16)
    return Support::no("blocked channels");
  if (std::holds_alternative<Reduce>(view.op) && (x.layout != Layout::kPlain || y.layout != Layout::kPlain))
    return Support::no("only plain runs");
  return middle_of(view) ? Support::yes() : Support::no("axes that are no neighbours");
}

std::unique_ptr<Step> fold_make(const NodeView& view, const Config&, std::span<const std::byte>, Device&) {
  return make_step([middle = *middle_of(view), from = number_of(view.inputs[0]), to = number_of(view.outputs[0])](
                       const Bindings& bindings, cudaStream_t stream) {
    launch_fold(bindings.inputs[0], bindings.outputs[0], from, to, middle.fold, middle.outer, middle.size, middle.inner,
                stream);
  });
}

// ---- along one axis
// --------------------------------------------------------------------------------------------------

/// [outer, size, inner] of memory around a logical axis; nothing where the layout tears it apart.
std::optional<Middle> around(const OperandView& x, int axis) {
  if (x.layout == Layout::kNhwc) {
    if (axis != 1) return std::nullopt;
    return Middle{Fold::kMean, x.shape[0] * x.shape[2] * x.shape[3], x.shape[1], 1};
  }
  Middle made;
  for (int i = 0; i < x.shape.rank(); ++i) (i < axis ? made.outer : i == axis ? made.size : made.inner) *= x.shape[i];
  return made;
}

std::optional<int> axis_of(const Op& op) {
  if (const auto* softmax = std::get_if<Softmax>(&op)) return softmax->axis;
  return std::holds_alternative<Lrn>(op) ? std::optional(1) : std::nullopt;
}

template <typename Type>
Support axis_supports(const NodeView& view, const DeviceInfo&) {
  if (!std::holds_alternative<Type>(view.op)) return Support::no("another op");
  if (auto answer = all_numbers(view); !answer) return answer;
  const OperandView &x = view.inputs[0], &y = view.outputs[0];
  if (x.layout != y.layout || x.layout == Layout::kBlocked16) return Support::no("input and output layouts differ");
  return around(x, *axis_of(view.op)) ? Support::yes() : Support::no("an axis that this layout tears apart");
}

std::unique_ptr<Step> softmax_make(const NodeView& view, const Config&, std::span<const std::byte>, Device&) {
  return make_step([m = *around(view.inputs[0], *axis_of(view.op)), log = std::get<Softmax>(view.op).log,
                    from = number_of(view.inputs[0]),
                    to = number_of(view.outputs[0])](const Bindings& bindings, cudaStream_t stream) {
    launch_softmax(bindings.inputs[0], bindings.outputs[0], from, to, log, m.outer, m.size, m.inner, stream);
  });
}

std::unique_ptr<Step> lrn_make(const NodeView& view, const Config&, std::span<const std::byte>, Device&) {
  return make_step([m = *around(view.inputs[0], 1), op = std::get<Lrn>(view.op), from = number_of(view.inputs[0]),
                    to = number_of(view.outputs[0])](const Bindings& bindings, cudaStream_t stream) {
    launch_lrn(bindings.inputs[0], bindings.outputs[0], from, to, op.size, op.alpha, op.beta, op.bias, m.outer, m.size,
               m.inner, stream);
  });
}

}  // namespace

const Tactic kPool = {"pool", pool_supports, one_config, pack_nothing, pool_make};
const Tactic kFold = {"fold", fold_supports, one_config, pack_nothing, fold_make};
const Tactic kSoftmax = {"softmax", axis_supports<Softmax>, one_config, pack_nothing, softmax_make};
const Tactic kLrn = {"lrn", axis_supports<Lrn>, one_config, pack_nothing, lrn_make};

}  // namespace fovea::cuda
