#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "backend/cpu/tactics.h"
#include "backend/cpu/tactics/support.h"
#include "base/parallel/parallel.h"
#include "graph/ops/strided.h"

namespace fovea::cpu {
namespace {

constexpr std::int64_t kGrain = 16384;  ///< elements that are worth a thread

/// One axis of a walk: how many, and how far apart (in elements) in the input and in the output.
struct Loop {
  std::int64_t size, in, out;
};

/// What one output is: a walk over the input from an offset.
struct Walk {
  std::int64_t offset = 0;
  std::vector<Loop> loops;
};

std::vector<std::int64_t> memory_strides(const OperandView& view) {
  if (view.layout == Layout::kPlain) return dense_strides(view.shape);
  const std::int64_t c = view.shape[1], h = view.shape[2], w = view.shape[3];
  return {h * w * c, 1, w * c, c};
}

Walk walk_of(const Transpose& op, const OperandView& x, const OperandView& y, std::size_t) {
  const auto in = memory_strides(x), out = memory_strides(y);
  Walk walk;
  for (std::size_t i = 0; i < op.perm.size(); ++i)
    walk.loops.push_back({y.shape[static_cast<int>(i)], in[static_cast<std::size_t>(op.perm[i])], out[i]});
  return walk;
}

/// As the shape rule has it: negative bounds count from the end and are clamped.
Walk walk_of(const Slice& op, const OperandView& x, const OperandView& y, std::size_t) {
  std::vector<std::int64_t> in = memory_strides(x);
  const auto out = memory_strides(y);
  Walk walk;
  for (std::size_t k = 0; k < op.axes.size(); ++k) {
    const auto axis = static_cast<std::size_t>(op.axes[k]);
    const std::int64_t size = x.shape[static_cast<int>(axis)];
    const std::int64_t start = op.starts[k] < 0 ? op.starts[k] + size : op.starts[k];
    const std::int64_t step = op.steps.empty() ? 1 : std::clamp(op.steps[k], -size, size);  // longer: one element
    walk.offset += std::clamp<std::int64_t>(start, 0, step < 0 ? size - 1 : size) * in[axis];
    in[axis] *= step;
  }
  for (std::size_t i = 0; i < in.size(); ++i) walk.loops.push_back({y.shape[static_cast<int>(i)], in[i], out[i]});
  return walk;
}

Walk walk_of(const Split& op, const OperandView& x, const OperandView& y, std::size_t output) {
  const auto in = memory_strides(x), out = memory_strides(y);
  Walk walk;
  for (std::size_t k = 0; k < output; ++k) walk.offset += op.sizes[k] * in[static_cast<std::size_t>(op.axis)];
  for (std::size_t i = 0; i < in.size(); ++i) walk.loops.push_back({y.shape[static_cast<int>(i)], in[i], out[i]});
  return walk;
}

Walk walk_of(const ChannelShuffle& op, const OperandView& x, const OperandView& y, std::size_t) {
  const auto in = memory_strides(x), out = memory_strides(y);
  const std::int64_t each = x.shape[1] / op.groups;
  Walk walk{0, {{each, in[1], out[1] * op.groups}, {op.groups, in[1] * each, out[1]}}};
  for (std::size_t i = 0; i < in.size(); ++i)
    if (i != 1) walk.loops.push_back({y.shape[static_cast<int>(i)], in[i], out[i]});
  return walk;
}

/// Null for ops that do more than move.
template <typename Visit>
bool with_move(const Op& op, const Visit& visit) {
  return std::visit(
      [&](const auto& type) {
        if constexpr (requires(OperandView x) { walk_of(type, x, x, 0); }) {
          visit(type);
          return true;
        } else {
          return false;
        }
      },
      op);
}

/// In the order of the output's memory, outermost first; axes of 1 go, neighbours that lie as one become one.
void simplify(Walk& walk) {
  std::erase_if(walk.loops, [](const Loop& loop) { return loop.size == 1; });
  std::ranges::stable_sort(walk.loops, [](const Loop& a, const Loop& b) { return a.out > b.out; });
  std::vector<Loop> merged;
  for (const Loop& loop : walk.loops) {
    Loop* before = merged.empty() ? nullptr : &merged.back();
    if (before != nullptr && before->in == loop.in * loop.size && before->out == loop.out * loop.size)
      *before = {before->size * loop.size, loop.in, loop.out};
    else
      merged.push_back(loop);
  }
  while (merged.size() < 2) merged.insert(merged.begin(), Loop{1, 0, 0});
  walk.loops = std::move(merged);
}

/// Rows of a matrix, each element by element; the longer way is the inner loop.
template <typename T>
void copy_strided(const std::byte* in, std::byte* out, const Loop& rows, const Loop& columns) {
  const T* from = reinterpret_cast<const T*>(in);
  T* to = reinterpret_cast<T*>(out);
  const auto [outer, inner] = rows.size > columns.size ? std::pair{columns, rows} : std::pair{rows, columns};
  for (std::int64_t i = 0; i < outer.size; ++i)
    for (std::int64_t k = 0; k < inner.size; ++k) to[i * outer.out + k * inner.out] = from[i * outer.in + k * inner.in];
}

using Copy = void (*)(const std::byte*, std::byte*, const Loop&, const Loop&);

Copy copier(std::size_t bytes) {
  if (bytes == 1) return copy_strided<std::uint8_t>;
  if (bytes == 2) return copy_strided<std::uint16_t>;
  return bytes == 4 ? copy_strided<std::uint32_t> : copy_strided<std::uint64_t>;
}

/// The two innermost loops are a matrix, whose rows are copied as bytes where their elements are neighbours; the others
/// are shared out.
class MoveStep final : public Step {
 public:
  explicit MoveStep(const NodeView& view)
      : element_(static_cast<std::int64_t>(size_of(view.inputs[0].dtype))),
        copy_(copier(size_of(view.inputs[0].dtype))) {
    for (std::size_t i = 0; i < view.outputs.size(); ++i) {
      Walk walk;
      with_move(view.op, [&](const auto& op) { walk = walk_of(op, view.inputs[0], view.outputs[i], i); });
      simplify(walk);
      walks_.push_back(std::move(walk));
    }
  }

  void run(const Bindings& bindings, Stream& stream) const override {
    for (std::size_t i = 0; i < walks_.size(); ++i)
      if (bindings.outputs[i] != nullptr) run_walk(walks_[i], bindings.inputs[0], bindings.outputs[i], stream);
  }

 private:
  void run_walk(const Walk& walk, const std::byte* in, std::byte* out, Stream& stream) const {
    const std::size_t shared = walk.loops.size() - 2;
    std::int64_t count = 1;
    for (std::size_t k = 0; k < shared; ++k) count *= walk.loops[k].size;
    const std::int64_t each = walk.loops[shared].size * walk.loops[shared + 1].size;
    in += walk.offset * element_;
    parallel_ranges(count, stream.threads, std::max<std::int64_t>(1, kGrain / each),
                    [&](std::int64_t begin, std::int64_t end) {
                      for (std::int64_t i = begin; i < end; ++i) {
                        std::int64_t rest = i, from = 0, to = 0;
                        for (std::size_t k = shared; k-- > 0;) {
                          from += rest % walk.loops[k].size * walk.loops[k].in;
                          to += rest % walk.loops[k].size * walk.loops[k].out;
                          rest /= walk.loops[k].size;
                        }
                        copy(in + from * element_, out + to * element_, walk.loops[shared], walk.loops[shared + 1]);
                      }
                    });
  }

  void copy(const std::byte* in, std::byte* out, const Loop& rows, const Loop& columns) const {
    if (columns.in != 1 || columns.out != 1) return copy_(in, out, rows, columns);
    for (std::int64_t i = 0; i < rows.size; ++i)
      std::memcpy(out + i * rows.out * element_, in + i * rows.in * element_,
                  static_cast<std::size_t>(columns.size * element_));
  }

  std::int64_t element_;
  Copy copy_;
  std::vector<Walk> walks_;
};

Support supports(const NodeView& view, const DeviceInfo&) {
  if (!with_move(view.op, [](const auto&) {})) return Support::no("not an op that only moves elements");
  const OperandView& x = view.inputs.at(0);
  if (x.constant) return Support::no("the input is constant");
  if (x.layout == Layout::kBlocked16) return Support::no("blocked channels");
  for (const OperandView& y : view.outputs) {
    if (y.layout == Layout::kBlocked16) return Support::no("blocked channels");
    if (y.dtype != x.dtype || (x.quant != y.quant && affine(x) != affine(y)))
      return Support::no(fmt::format("{} to {} at another scale", name(x.dtype), name(y.dtype)));
    if (y.shape.elements() == 0) return Support::no("an output is empty");
  }
  return Support::yes();
}

std::unique_ptr<Step> make(const NodeView& view, const Config&, std::span<const std::byte>, Device&) {
  return std::make_unique<MoveStep>(view);
}

}  // namespace

const Tactic kMove = {"move", supports, one_config, pack_nothing, make};

}  // namespace fovea::cpu
