#include "graph/ops/pad.h"

#include <algorithm>
#include <cstring>

#include "graph/ops/rules.h"
#include "graph/ops/strided.h"

namespace fovea {
namespace {

constexpr std::int64_t kOutside = -1;

/// Where each index along an axis of the result comes from. Cropping comes first: padding repeats what is left.
std::vector<std::int64_t> sources(PadMode mode, std::int64_t dim, std::int64_t before, std::int64_t after) {
  const std::int64_t first = std::max<std::int64_t>(0, -before);
  const std::int64_t size = dim - first - std::max<std::int64_t>(0, -after);
  std::vector<std::int64_t> from(static_cast<std::size_t>(dim + before + after));
  for (std::size_t i = 0; i < from.size(); ++i) {
    std::int64_t at = static_cast<std::int64_t>(i) - std::max<std::int64_t>(0, before);
    if (at < 0 || at >= size) {
      const std::int64_t period = mode == PadMode::kReflect ? std::max<std::int64_t>(1, 2 * (size - 1)) : size;
      if (mode == PadMode::kConstant) {
        from[i] = kOutside;
        continue;
      }
      if (mode == PadMode::kEdge) at = std::clamp<std::int64_t>(at, 0, size - 1);
      if (mode != PadMode::kEdge) at = ((at % period) + period) % period;
      if (mode == PadMode::kReflect) at = std::min(at, period - at) % size;
    }
    from[i] = first + at;
  }
  return from;
}

Tensor one_axis(const Pad& op, const Tensor& x, int axis, const Tensor& fill) {
  const auto place = static_cast<std::size_t>(axis);
  const std::vector<std::int64_t> from = sources(op.mode, x.shape()[axis], op.before[place], op.after[place]);
  Shape shape = x.shape();
  shape[axis] = static_cast<std::int64_t>(from.size());
  Tensor y(x.dtype(), shape);
  const AxisView view = axis_view(x.shape(), axis);
  const std::size_t element = size_of(x.dtype()), run = static_cast<std::size_t>(view.inner) * element;
  std::byte* to = y.bytes().data();
  for (std::int64_t outer = 0; outer < view.outer; ++outer)
    for (const std::int64_t source : from) {
      if (source != kOutside)
        std::memcpy(to, x.bytes().data() + static_cast<std::size_t>(outer * view.size + source) * run, run);
      else
        for (std::size_t at = 0; at < run; at += element) std::memcpy(to + at, fill.bytes().data(), element);
      to += run;
    }
  return y;
}

}  // namespace

std::vector<ValueType> infer_types(const Pad& op, std::span<const OperandType> inputs) {
  constexpr std::int64_t kMost = std::int64_t{1} << 40;
  expect_inputs("pad", inputs, 1, 1);
  ValueType y = inputs[0].type;
  const auto rank = static_cast<std::size_t>(y.shape.rank());
  expect(op.before.size() == rank && op.after.size() == rank, "pad", "{} and {} pads for an input of {}",
         op.before.size(), op.after.size(), y.shape.str());
  for (std::size_t i = 0; i < rank; ++i) {
    std::int64_t& dim = y.shape[static_cast<int>(i)];
    const std::int64_t before = op.before[i], after = op.after[i];
    expect(std::max(before, after) <= kMost && std::min(before, after) >= -dim, "pad",
           "pads {} and {} of a dimension of {} are out of range", before, after, dim);
    const std::int64_t left = dim + std::min<std::int64_t>(0, before) + std::min<std::int64_t>(0, after);
    expect(left >= 0, "pad", "{} and {} crop more than the dimension of {}", before, after, dim);
    expect(left > 0 || op.mode == PadMode::kConstant || (before <= 0 && after <= 0), "pad",
           "nothing of axis {} is left to repeat", i);
    dim += before + after;
  }
  return one(std::move(y));
}

std::vector<Tensor> compute_reference(const Pad& op, std::span<const Tensor> inputs) {
  Tensor y = inputs[0];
  const Tensor fill = from_f32(Tensor::scalar(op.value), y.dtype());
  for (int axis = 0; axis < y.shape().rank(); ++axis)
    if (op.before[static_cast<std::size_t>(axis)] != 0 || op.after[static_cast<std::size_t>(axis)] != 0)
      y = one_axis(op, y, axis, fill);
  return {y};
}

}  // namespace fovea
