#include "engine/parts.h"

#include <algorithm>
#include <array>

namespace fovea {
namespace {

constexpr std::uint64_t kAlignment = 64;
constexpr std::int64_t kBlock = 16;

/// Extents as memory lies, outermost first.
std::vector<std::int64_t> stored_dims(const OperandView& view) {
  const Shape& s = view.shape;
  if (view.layout == Layout::kNhwc) return {s[0], s[2], s[3], s[1]};
  if (view.layout == Layout::kBlocked16) return {s[0], (s[1] + kBlock - 1) / kBlock, s[2], s[3], kBlock};
  return s.dims();
}

/// All that stands outside of the axis is 1, so that the axis cuts memory into runs.
bool is_outermost(const OperandView& whole, int axis) {
  constexpr std::array<std::ptrdiff_t, 4> kNhwcAxis = {0, 3, 1, 2};
  const std::vector<std::int64_t> dims = stored_dims(whole);
  const auto at = static_cast<std::size_t>(axis);
  const std::ptrdiff_t place = whole.layout == Layout::kNhwc ? kNhwcAxis.at(at) : axis;
  return std::all_of(dims.begin(), dims.begin() + place, [](std::int64_t dim) { return dim == 1; });
}

bool is_known(const OperandView& view) {
  return view.present && !view.constant && (view.layout == Layout::kPlain || view.shape.rank() == 4);
}

bool same_kind(const OperandView& part, const OperandView& whole) {
  return is_known(part) && is_known(whole) && part.dtype == whole.dtype && part.quant == whole.quant &&
         part.layout == whole.layout && part.shape.rank() == whole.shape.rank() && part.shape.elements() > 0;
}

/// A block of 16 channels belongs to one part alone.
bool ends_with_block(const OperandView& whole, int axis, std::int64_t begin, std::int64_t end) {
  if (whole.layout != Layout::kBlocked16 || axis != 1) return true;
  return begin % kBlock == 0 && (end % kBlock == 0 || end == whole.shape[1]);
}

std::optional<std::vector<std::uint64_t>> concat_parts(const NodeView& view, int axis) {
  const OperandView& whole = view.outputs[0];
  const auto fits = [&](const OperandView& part) { return same_kind(part, whole); };
  if (!std::ranges::all_of(view.inputs, fits) || !is_outermost(whole, axis)) return std::nullopt;
  std::vector<std::uint64_t> offsets;
  std::uint64_t offset = 0;
  std::int64_t begin = 0;
  for (const OperandView& part : view.inputs) {
    const std::int64_t extent = part.shape[axis];
    if (!ends_with_block(whole, axis, begin, begin + extent) || offset % kAlignment != 0) return std::nullopt;
    offsets.push_back(offset);
    offset += byte_size(part);
    begin += extent;
  }
  return offset == byte_size(whole) ? std::optional(offsets) : std::nullopt;
}

std::optional<std::vector<std::uint64_t>> slice_part(const NodeView& view, const Slice& op) {
  const OperandView &whole = view.inputs[0], &part = view.outputs[0];
  if (op.axes.size() != 1 || (!op.steps.empty() && op.steps[0] != 1) || !same_kind(part, whole)) return std::nullopt;
  const auto axis = static_cast<int>(op.axes[0]);
  const std::int64_t dim = whole.shape[axis], extent = part.shape[axis];
  const std::int64_t start = std::clamp<std::int64_t>(op.starts[0] < 0 ? op.starts[0] + dim : op.starts[0], 0, dim);
  if (!is_outermost(whole, axis) || !ends_with_block(whole, axis, start, start + extent)) return std::nullopt;
  OperandView ahead = part;  // all that lies before the part
  ahead.shape[axis] = start;
  const std::uint64_t offset = start == 0 ? 0 : byte_size(ahead);
  if (offset % kAlignment != 0 || offset + byte_size(part) > byte_size(whole)) return std::nullopt;
  return std::vector{offset};
}

}  // namespace

std::optional<std::vector<std::uint64_t>> part_offsets(const NodeView& view) {
  if (view.inputs.empty() || view.outputs.size() != 1) return std::nullopt;
  if (const auto* concat = std::get_if<Concat>(&view.op)) return concat_parts(view, concat->axis);
  if (const auto* slice = std::get_if<Slice>(&view.op)) return slice_part(view, *slice);
  return std::nullopt;
}

}  // namespace fovea
