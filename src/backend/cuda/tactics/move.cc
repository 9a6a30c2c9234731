#include <algorithm>

#include "backend/cuda/tactics.h"
#include "backend/cuda/tactics/support.h"

namespace fovea::cuda {
namespace {

/// One walk of a step: from an input's offset to an output's.
struct Part {
  std::size_t input = 0, output = 0;
  std::vector<Axis> axes;
  std::int64_t in_offset = 0, out_offset = 0;
};

void add_axes(Part& part, const Shape& shape, const std::vector<std::int64_t>& out,
              const std::vector<std::int64_t>& in) {
  for (std::size_t i = 0; i < out.size(); ++i) part.axes.push_back({shape[static_cast<int>(i)], out[i], in[i], 0});
}

using Parts = std::vector<Part>;

Parts parts_of(const Identity&, const NodeView& view) {
  Part part;
  add_axes(part, view.outputs[0].shape, strides_of(view.outputs[0]), strides_of(view.inputs[0]));
  return {part};
}

Parts parts_of(const Transpose& op, const NodeView& view) {
  const auto in = strides_of(view.inputs[0]);
  std::vector<std::int64_t> permuted;
  for (const std::int64_t axis : op.perm) permuted.push_back(in[static_cast<std::size_t>(axis)]);
  Part part;
  add_axes(part, view.outputs[0].shape, strides_of(view.outputs[0]), permuted);
  return {part};
}

/// As the shape rule has it: negative bounds count from the end and are clamped.
Parts parts_of(const Slice& op, const NodeView& view) {
  const OperandView& x = view.inputs[0];
  std::vector<std::int64_t> in = strides_of(x);
  Part part;
  for (std::size_t k = 0; k < op.axes.size(); ++k) {
    const auto axis = static_cast<std::size_t>(op.axes[k]);
    const std::int64_t size = x.shape[static_cast<int>(axis)];
    const std::int64_t start = op.starts[k] < 0 ? op.starts[k] + size : op.starts[k];
    const std::int64_t step = op.steps.empty() ? 1 : std::clamp(op.steps[k], -size, size);
    part.in_offset += std::clamp<std::int64_t>(start, 0, step < 0 ? size - 1 : size) * in[axis];
    in[axis] *= step;
  }
  add_axes(part, view.outputs[0].shape, strides_of(view.outputs[0]), in);
  return {part};
}

Parts parts_of(const Split& op, const NodeView& view) {
  const auto in = strides_of(view.inputs[0]);
  Parts parts;
  std::int64_t before = 0;
  for (std::size_t i = 0; i < view.outputs.size(); ++i) {
    Part part{0, i, {}, before * in[static_cast<std::size_t>(op.axis)], 0};
    add_axes(part, view.outputs[i].shape, strides_of(view.outputs[i]), in);
    before += op.sizes[i];
    parts.push_back(std::move(part));
  }
  return parts;
}

Parts parts_of(const ChannelShuffle& op, const NodeView& view) {
  const auto in = strides_of(view.inputs[0]), out = strides_of(view.outputs[0]);
  const Shape& s = view.inputs[0].shape;
  const std::int64_t each = s[1] / op.groups;
  Part part;
  part.axes = {{each, out[1] * op.groups, in[1], 0}, {op.groups, out[1], in[1] * each, 0}};
  for (std::size_t i = 0; i < in.size(); ++i)
    if (i != 1) part.axes.push_back({s[static_cast<int>(i)], out[i], in[i], 0});
  return {part};
}

Parts parts_of(const Concat& op, const NodeView& view) {
  const auto out = strides_of(view.outputs[0]);
  Parts parts;
  std::int64_t before = 0;
  for (std::size_t i = 0; i < view.inputs.size(); ++i) {
    Part part{i, 0, {}, 0, before * out[static_cast<std::size_t>(op.axis)]};
    add_axes(part, view.inputs[i].shape, out, strides_of(view.inputs[i]));
    before += view.inputs[i].shape[op.axis];
    parts.push_back(std::move(part));
  }
  return parts;
}

/// What lies inside; the padding is filled before.
Parts parts_of(const Pad& op, const NodeView& view) {
  const auto in = strides_of(view.inputs[0]), out = strides_of(view.outputs[0]);
  Part part;
  for (std::size_t i = 0; i < in.size(); ++i) {
    const std::int64_t cut = std::max<std::int64_t>(0, -op.before[i]), free = std::max<std::int64_t>(0, op.before[i]);
    const std::int64_t behind = std::max<std::int64_t>(0, -op.after[i]);
    part.in_offset += cut * in[i];
    part.out_offset += free * out[i];
    part.axes.push_back({view.inputs[0].shape[static_cast<int>(i)] - cut - behind, out[i], in[i], 0});
  }
  return {part};
}

/// Nothing for ops that do more than move.
std::optional<Parts> parts_of_view(const NodeView& view) {
  return std::visit(
      [&](const auto& op) -> std::optional<Parts> {
        if constexpr (requires { parts_of(op, view); })
          return parts_of(op, view);
        else
          return std::nullopt;
      },
      view.op);
}

bool moves(const Op& op) {
  return std::visit(
      [](const auto& type) {
        return requires(NodeView v) { parts_of(type, v); };
      },
      op);
}

/// Elements of the same type and scale move as bytes, whatever they are.
bool as_bytes_only(const NodeView& view) {
  return std::ranges::all_of(view.inputs, [&](const OperandView& x) {
    return std::ranges::all_of(view.outputs, [&](const OperandView& y) {
      return x.dtype == y.dtype && (x.quant == y.quant || !is_number(x.dtype));
    });
  });
}

Support supports(const NodeView& view, const DeviceInfo&) {
  if (!moves(view.op)) return Support::no("not an op that only moves elements");
  for (const OperandView& x : view.inputs) {
    if (x.constant) return Support::no("an input is constant");
    if (x.layout == Layout::kBlocked16) return Support::no("blocked channels");
  }
  for (const OperandView& y : view.outputs) {
    if (y.layout == Layout::kBlocked16) return Support::no("blocked channels");
    if (y.shape.elements() == 0) return Support::no("an output is empty");
  }
  if (!as_bytes_only(view))
    if (auto answer = all_numbers(view); !answer) return answer;
  if (const auto* pad = std::get_if<Pad>(&view.op)) {
    if (pad->mode != PadMode::kConstant) return Support::no("padding that is no constant");
    if (!is_number(view.outputs[0].dtype)) return Support::no("padding of no number type");
  }
  const std::optional<Parts> parts = parts_of_view(view);
  const bool fit = std::ranges::all_of(*parts, [](const Part& part) { return fits(part.axes); });
  return fit ? Support::yes() : Support::no("too many axes");
}

struct Move {
  std::size_t input, output;
  Number from, to;
  int bytes;
  Walk walk;
};

std::unique_ptr<Step> make(const NodeView& view, const Config&, std::span<const std::byte>, Device&) {
  std::vector<Move> all;
  const Parts parts = *parts_of_view(view);
  for (const Part& part : parts) {
    const OperandView &x = view.inputs[part.input], &y = view.outputs[part.output];
    Move move{part.input, part.output, number_of(x), number_of(y), 0, walk_of(part.axes)};
    if (!is_number(x.dtype)) move.bytes = static_cast<int>(size_of(x.dtype));
    move.walk.in_offset = part.in_offset;
    move.walk.out_offset = part.out_offset;
    if (move.walk.count > 0) all.push_back(move);
  }
  const auto* pad = std::get_if<Pad>(&view.op);
  return make_step([all, fills = pad != nullptr, value = pad != nullptr ? pad->value : 0.0F,
                    to = number_of(view.outputs[0]),
                    count = view.outputs[0].shape.elements()](const Bindings& bindings, cudaStream_t stream) {
    if (fills) launch_fill(bindings.outputs[0], to, value, count, stream);
    for (const Move& move : all)
      if (bindings.outputs[move.output] != nullptr)
        launch_move(bindings.inputs[move.input], bindings.outputs[move.output], move.from, move.to, move.bytes,
                    move.walk, stream);
  });
}

}  // namespace

const Tactic kMove = {"move", supports, one_config, pack_nothing, make};

}  // namespace fovea::cuda
