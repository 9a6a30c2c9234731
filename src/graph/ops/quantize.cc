#include "graph/ops/quantize.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "graph/ops/rules.h"
#include "graph/ops/strided.h"
#include "tensor/dispatch.h"

namespace fovea {
namespace {

/// x, its scale (one, or one per index along the axis) and zero point.
void check(std::string_view op, int axis, std::span<const OperandType> inputs, DType stored) {
  const Shape &x = inputs[0].type.shape, &scale = inputs[1].type.shape;
  expect_real(op, "scale", inputs[1].type);
  expect(scale.rank() <= 1, op, "scale is {}, expected one number or one per index of an axis", scale.str());
  if (scale.elements() != 1) {
    expect_axis(op, axis, x.rank());
    expect(scale[0] == x[axis], op, "scale has {} elements, axis {} of the input has {}", scale[0], axis, x[axis]);
  }
  if (inputs.size() < 3 || !inputs[2].present) return;
  expect(inputs[2].type.dtype == stored, op, "zero point is {}, expected {}", name(inputs[2].type.dtype), name(stored));
  expect(inputs[2].type.shape.elements() == scale.elements(), op, "zero point has {} elements, scale has {}",
         inputs[2].type.shape.elements(), scale.elements());
}

/// Scale and zero point at each element of x.
struct Parameters {
  Parameters(const Shape& x, int axis, std::span<const Tensor> inputs) : scale(to_f32(inputs[1])) {
    if (inputs.size() > 2 && !inputs[2].empty() && inputs[2].dtype() != DType::kF8) zero = to_s64(inputs[2]);
    if (scale.elements() == 1) return;
    const AxisView whole = axis_view(x, axis);
    size = static_cast<std::size_t>(whole.size);
    inner = static_cast<std::size_t>(whole.inner);
  }
  std::size_t place(std::size_t i) const { return i / inner % size; }
  float scale_at(std::size_t i) const { return scale.data<float>()[place(i)]; }
  std::int64_t zero_at(std::size_t i) const { return zero.empty() ? 0 : zero.data<std::int64_t>()[place(i)]; }

  Tensor scale, zero;
  std::size_t size = 1, inner = 1;
};

}  // namespace

std::vector<ValueType> infer_types(const Quantize& op, std::span<const OperandType> inputs) {
  expect_inputs("quantize", inputs, 2, 3);
  expect_real("quantize", "input", inputs[0].type);
  const bool known =
      op.to == DType::kS8 || op.to == DType::kU8 || op.to == DType::kS16 || op.to == DType::kU16 || op.to == DType::kF8;
  expect(known, "quantize", "to {}, expected s8, u8, s16, u16 or f8e4m3", name(op.to));
  check("quantize", op.axis, inputs, op.to);
  return one({op.to, inputs[0].type.shape});
}

std::vector<Tensor> compute_reference(const Quantize& op, std::span<const Tensor> inputs) {
  const Tensor x = to_f32(inputs[0]);
  const Parameters parameters(x.shape(), op.axis, inputs);
  if (op.to == DType::kF8) {  // no zero point but 0
    Tensor scaled(DType::kF32, x.shape());
    for (std::size_t i = 0; i < scaled.data<float>().size(); ++i)
      scaled.data<float>()[i] = x.data<float>()[i] / parameters.scale_at(i);
    return {from_f32(scaled, op.to)};
  }
  Tensor q(op.to, x.shape());
  with_integer(op.to, [&]<typename T>(T) {
    for (std::size_t i = 0; i < q.data<T>().size(); ++i) {
      const float steps = std::nearbyint(x.data<float>()[i] / parameters.scale_at(i));
      const double shifted = static_cast<double>(steps) + static_cast<double>(parameters.zero_at(i));
      constexpr auto kLeast = static_cast<double>(std::numeric_limits<T>::min());
      constexpr auto kMost = static_cast<double>(std::numeric_limits<T>::max());
      q.data<T>()[i] = std::isnan(shifted) ? T{0} : static_cast<T>(std::clamp(shifted, kLeast, kMost));
    }
  });
  return {q};
}

std::vector<ValueType> infer_types(const Dequantize& op, std::span<const OperandType> inputs) {
  expect_inputs("dequantize", inputs, 2, 3);
  const DType stored = inputs[0].type.dtype;
  expect(stored == DType::kS8 || stored == DType::kU8 || stored == DType::kS16 || stored == DType::kU16 ||
             stored == DType::kS32 || stored == DType::kF8,
         "dequantize", "of {}, expected s8, u8, s16, u16, s32 or f8e4m3", name(stored));
  check("dequantize", op.axis, inputs, stored);
  return one({inputs[1].type.dtype, inputs[0].type.shape});
}

std::vector<Tensor> compute_reference(const Dequantize& op, std::span<const Tensor> inputs) {
  const Parameters parameters(inputs[0].shape(), op.axis, inputs);
  if (inputs[0].dtype() == DType::kF8) {
    Tensor scaled = to_f32(inputs[0]);
    for (std::size_t i = 0; i < scaled.data<float>().size(); ++i) scaled.data<float>()[i] *= parameters.scale_at(i);
    return {scaled};
  }
  const Tensor q = to_s64(inputs[0]);
  Tensor x(DType::kF32, q.shape());
  for (std::size_t i = 0; i < x.data<float>().size(); ++i) {
    const auto steps = static_cast<double>(q.data<std::int64_t>()[i] - parameters.zero_at(i));
    x.data<float>()[i] = static_cast<float>(steps * static_cast<double>(parameters.scale_at(i)));
  }
  return {x};
}

}  // namespace fovea
