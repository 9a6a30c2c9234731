#include "backend/cuda/tactics/support.h"

#include <algorithm>

#include "graph/ops/strided.h"

namespace fovea::cuda {
namespace {

std::vector<Axis> simplified(std::vector<Axis> axes) {
  std::erase_if(axes, [](const Axis& axis) { return axis.size == 1; });
  std::ranges::stable_sort(axes, [](const Axis& x, const Axis& y) { return x.out > y.out; });
  std::vector<Axis> merged;
  for (const Axis& axis : axes) {
    Axis* before = merged.empty() ? nullptr : &merged.back();
    if (before != nullptr && before->out == axis.out * axis.size && before->a == axis.a * axis.size &&
        before->b == axis.b * axis.size)
      *before = {before->size * axis.size, axis.out, axis.a, axis.b};
    else
      merged.push_back(axis);
  }
  if (merged.empty()) merged.push_back({1, 1, 1, 1});
  return merged;
}

bool row_major(const OperandView& view) {
  const Shape& s = view.shape;
  return view.layout == Layout::kPlain || (view.layout == Layout::kNhwc && (s[1] == 1 || s[2] * s[3] == 1));
}

}  // namespace

Support all_numbers(const NodeView& view) {
  return every_activation(view, [](const OperandView& operand, const std::string& which) {
    if (!is_number(operand.dtype)) return Support::no(fmt::format("{} is {}", which, name(operand.dtype)));
    if (is_scaled8(operand.dtype) != operand.quant.has_value() || (operand.quant && operand.quant->scale.size() != 1))
      return Support::no(fmt::format("{} is {}, not quantised per tensor", which, name(operand.dtype)));
    return Support::yes();
  });
}

Support all_in(const NodeView& view, Layout layout) {
  return every_activation(view, [layout](const OperandView& operand, const std::string& which) {
    if (operand.shape.rank() != 4 || operand.layout == layout) return Support::yes();
    return Support::no(fmt::format("{} is {}, only {} runs", which, name(operand.layout), name(layout)));
  });
}

Number number_of(const OperandView& view) {
  Number number{view.dtype, 1, 0};
  if (!view.quant || view.quant->scale.empty()) return number;
  number.scale = view.quant->scale.front();
  if (!view.quant->zero_point.empty()) number.zero = static_cast<float>(view.quant->zero_point.front());
  return number;
}

bool same_order(const OperandView& a, const OperandView& b) {
  return (a.layout == b.layout && a.shape == b.shape) || (row_major(a) && row_major(b));
}

std::vector<std::int64_t> strides_of(const OperandView& view) {
  if (view.layout == Layout::kPlain) return dense_strides(view.shape);
  const std::int64_t c = view.shape[1], h = view.shape[2], w = view.shape[3];
  return {h * w * c, 1, w * c, c};
}

bool fits(const std::vector<Axis>& axes) { return simplified(axes).size() <= kMostLoops; }

Walk walk_of(std::vector<Axis> axes) {
  Walk walk;
  for (const Axis& axis : simplified(std::move(axes))) {
    walk.size[walk.loops] = axis.size;
    walk.out[walk.loops] = axis.out;
    walk.a[walk.loops] = axis.a;
    walk.b[walk.loops++] = axis.b;
    walk.count *= axis.size;
  }
  return walk;
}

}  // namespace fovea::cuda
