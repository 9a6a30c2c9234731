#include "backend/cpu/tactics/support.h"

#include <algorithm>

#include "base/error.h"
#include "graph/reference.h"

namespace fovea::cpu {
Support all_plain(const NodeView& view) {
  return every_activation(view, [](const OperandView& operand, const std::string& which) {
    if (operand.layout == Layout::kPlain) return Support::yes();
    return Support::no(fmt::format("{} is {}, only plain runs", which, name(operand.layout)));
  });
}

Support same_layout(const NodeView& view) {
  const Layout layout = view.outputs.front().layout;
  return every_activation(view, [layout](const OperandView& operand, const std::string& which) {
    if (operand.shape.rank() != 4 || operand.layout == layout) return Support::yes();
    return Support::no(fmt::format("{} is {}, output 0 is {}", which, name(operand.layout), name(layout)));
  });
}

Support dtypes_among(const NodeView& view, std::initializer_list<DType> allowed) {
  return every_activation(view, [&](const OperandView& operand, const std::string& which) {
    if (std::find(allowed.begin(), allowed.end(), operand.dtype) != allowed.end()) return Support::yes();
    return Support::no(fmt::format("{} is {}", which, name(operand.dtype)));
  });
}

Support plain_numbers(const NodeView& view) {
  return every_activation(view, [](const OperandView& operand, const std::string& which) {
    if (is_8bit(operand.dtype) && !operand.quant) {
      return Support::no(fmt::format("{} is {} without a scale", which, name(operand.dtype)));
    }
    if (operand.quant && (operand.quant->scale.size() != 1 || !is_8bit(operand.dtype))) {
      return Support::no(fmt::format("{} is not {} quantised per tensor", which, name(operand.dtype)));
    }
    return Support::yes();
  });
}

Affine affine(const OperandView& view) {
  if (!view.quant || view.quant->scale.empty()) return {};
  return {view.quant->scale.front(), view.quant->zero_point.empty() ? 0 : view.quant->zero_point.front()};
}

Rescale rescale(const OperandView& from, const OperandView& to) {
  const Affine in = affine(from), out = affine(to);
  const float factor = in.scale / out.scale;
  return {factor, static_cast<float>(out.zero_point) - static_cast<float>(in.zero_point) * factor};
}

namespace {

bool row_major(const OperandView& view) {
  if (view.layout == Layout::kPlain) return true;
  const Shape& s = view.shape;
  if (view.layout == Layout::kNhwc) return s[1] == 1 || s[2] * s[3] == 1;
  return s[2] * s[3] == 1 && s[1] % 16 == 0;
}

}  // namespace

bool same_order(const OperandView& a, const OperandView& b) {
  return (a.layout == b.layout && a.shape == b.shape) || (row_major(a) && row_major(b));
}

bool padded(const OperandView& view) { return view.layout == Layout::kBlocked16 && view.shape[1] % 16 != 0; }

std::int64_t stored_elements(const OperandView& view) {
  return static_cast<std::int64_t>(byte_size(view) / size_of(view.dtype));
}

}  // namespace fovea::cpu
