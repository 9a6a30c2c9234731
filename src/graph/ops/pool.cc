#include "graph/ops/pool.h"

#include <algorithm>
#include <limits>

#include "graph/ops/rules.h"
#include "graph/ops/window.h"

namespace fovea {
namespace {

Window window(const Pool& op, std::size_t axis) {
  Window made = window_of(op, op.kernel[axis], axis);
  made.ceil_mode = op.ceil_mode;
  return made;
}

/// The taps of one window along one axis: positions first, first + dilation, … below `last` lie on elements; `padded`
/// counts those on elements or padding, not those that ceil_mode lets hang over.
struct Taps {
  std::int64_t first, last, padded;
};
Taps taps(const Window& w, std::int64_t place, std::int64_t size) {
  const std::int64_t start = place * w.stride - w.before;
  const std::int64_t skipped = start < 0 ? (-start + w.dilation - 1) / w.dilation : 0;
  const std::int64_t end = std::min(start + w.extent(), size + w.after);
  return {start + skipped * w.dilation, std::min(start + w.extent(), size),
          (end - start + w.dilation - 1) / w.dilation};
}

float pooled(const Pool& op, const float* plane, std::int64_t width, const Taps& rows, const Taps& columns) {
  double sum = 0, most = -std::numeric_limits<double>::infinity();
  std::int64_t count = 0;
  for (std::int64_t y = rows.first; y < rows.last; y += op.dilations[0])
    for (std::int64_t x = columns.first; x < columns.last; x += op.dilations[1], ++count) {
      const double value = static_cast<double>(plane[y * width + x]);
      sum += value;
      if (!(value <= most)) most = value;  // keeps NaN
    }
  if (op.kind == PoolKind::kMax) return static_cast<float>(most);
  if (op.count_include_pad) count = rows.padded * columns.padded;
  return count == 0 ? 0.0F : static_cast<float>(sum / static_cast<double>(count));
}

}  // namespace

std::vector<ValueType> infer_types(const Pool& op, std::span<const OperandType> inputs) {
  expect_inputs("pool", inputs, 1, 1);
  const ValueType& x = inputs[0].type;
  const bool small_integers = op.kind == PoolKind::kMax && is_8bit(x.dtype);
  if (!small_integers) expect_real("pool", "input", x);
  expect(x.shape.rank() == 4, "pool", "input is {}, expected rank 4", x.shape.str());
  expect_filled("pool", "input", x);
  Shape y = {x.shape[0], x.shape[1], 0, 0};
  for (const std::size_t axis : {0U, 1U}) {
    const Window w = window(op, axis);
    const int dim = static_cast<int>(axis) + 2;
    y[dim] = w.places("pool", x.shape[dim]);
    expect(w.before < w.extent() && w.after < w.extent(), "pool",
           "padding {} and {} is not smaller than the kernel of {} (dilated)", w.before, w.after, w.extent());
  }
  return one({x.dtype, y});
}

std::vector<Tensor> compute_reference(const Pool& op, std::span<const Tensor> inputs) {
  const Tensor x = to_f32(inputs[0]);
  const Shape& in = x.shape();
  const Window rows = window(op, 0), columns = window(op, 1);
  const Shape out = {in[0], in[1], rows.places("pool", in[2]), columns.places("pool", in[3])};
  Tensor y(DType::kF32, out);
  float* to = y.data<float>().data();
  for (std::int64_t plane = 0; plane < in[0] * in[1]; ++plane) {
    const float* from = x.data<float>().data() + plane * in[2] * in[3];
    for (std::int64_t oy = 0; oy < out[2]; ++oy)
      for (std::int64_t ox = 0; ox < out[3]; ++ox)
        *to++ = pooled(op, from, in[3], taps(rows, oy, in[2]), taps(columns, ox, in[3]));
  }
  return {is_float(inputs[0].dtype()) ? y : from_f32(y, inputs[0].dtype())};
}

}  // namespace fovea
