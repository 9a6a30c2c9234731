#include "graph/ops/binary.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "graph/ops/rules.h"
#include "graph/ops/strided.h"
#include "tensor/dispatch.h"

namespace fovea {
namespace {

double real_result(BinaryKind kind, double a, double b) {
  switch (kind) {
    case BinaryKind::kAdd:
      return a + b;
    case BinaryKind::kSub:
      return a - b;
    case BinaryKind::kMul:
      return a * b;
    case BinaryKind::kDiv:
      return a / b;
    case BinaryKind::kMax:
      return std::isnan(a) || a > b ? a : b;
    case BinaryKind::kMin:
      return std::isnan(a) || a < b ? a : b;
    case BinaryKind::kPow:
      return std::pow(a, b);
  }
  return 0;
}

/// base^exponent with wrap-around; a negative exponent gives the truncated fraction.
template <typename T>
T integer_power(T base, std::int64_t exponent) {
  if (exponent < 0) {
    require(base != 0, ErrorKind::kInvalidArgument, "[binary] 0 to the power {}", exponent);
    if (base == 1) return 1;
    if constexpr (std::is_signed_v<T>)
      if (base == -1) return exponent % 2 == 0 ? T{1} : T{-1};
    return 0;
  }
  std::uint64_t result = 1, factor = static_cast<std::uint64_t>(base);
  for (; exponent > 0; exponent /= 2, factor *= factor)
    if (exponent % 2 != 0) result *= factor;
  return static_cast<T>(result);
}

/// Integers wrap around and divide towards zero, as numpy's and ONNX's do.
template <typename T>
T integer_result(BinaryKind kind, T a, T b) {
  const auto wide_a = static_cast<std::uint64_t>(a), wide_b = static_cast<std::uint64_t>(b);
  switch (kind) {
    case BinaryKind::kAdd:
      return static_cast<T>(wide_a + wide_b);
    case BinaryKind::kSub:
      return static_cast<T>(wide_a - wide_b);
    case BinaryKind::kMul:
      return static_cast<T>(wide_a * wide_b);
    case BinaryKind::kDiv:
      require(b != 0, ErrorKind::kInvalidArgument, "[binary] integer division by zero");
      if constexpr (std::is_signed_v<T>)
        if (b == -1) return static_cast<T>(std::uint64_t{0} - wide_a);  // the least number has no opposite
      return static_cast<T>(a / b);
    case BinaryKind::kMax:
      return std::max(a, b);
    case BinaryKind::kMin:
      return std::min(a, b);
    case BinaryKind::kPow:
      return integer_power(a, static_cast<std::int64_t>(b));
  }
  return 0;
}

/// A power of numbers of two kinds: in double, then as the base's dtype (integers towards zero, saturated).
Tensor mixed_power(const Tensor& a, const Tensor& b) {
  const Tensor base = to_f32(a), exponent = to_f32(b);
  Tensor real(DType::kF32, a.shape());
  for (std::size_t i = 0; i < real.data<float>().size(); ++i) {
    const double power =
        std::pow(static_cast<double>(base.data<float>()[i]), static_cast<double>(exponent.data<float>()[i]));
    real.data<float>()[i] = static_cast<float>(is_float(a.dtype()) ? power : std::trunc(power));
  }
  return from_f32(real, is_float(a.dtype()) ? DType::kF32 : a.dtype());
}

Tensor integer_binary(BinaryKind kind, const Tensor& a, const Tensor& b) {
  Tensor y(a.dtype(), a.shape());
  with_integer(a.dtype(), [&]<typename T>(T) {
    std::ranges::transform(a.data<T>(), b.data<T>(), y.data<T>().begin(),
                           [&](T left, T right) { return integer_result(kind, left, right); });
  });
  return y;
}

}  // namespace

std::vector<ValueType> infer_types(const Binary& op, std::span<const OperandType> inputs) {
  expect_inputs("binary", inputs, 2, 2);
  const ValueType &a = inputs[0].type, &b = inputs[1].type;
  const bool power = op.kind == BinaryKind::kPow;
  expect(a.dtype == b.dtype || power, "binary", "operands are {} and {}, expected the same type", name(a.dtype),
         name(b.dtype));
  expect(a.dtype != DType::kBool && b.dtype != DType::kBool, "binary", "operands are bool, expected numbers");
  expect(is_float(a.dtype) || !op.act, "binary", "{} after an operation on {}, expected real numbers",
         name(op.act.function), name(a.dtype));
  return one({a.dtype, broadcast(a.shape, b.shape)});
}

std::vector<Tensor> compute_reference(const Binary& op, std::span<const Tensor> inputs) {
  const Shape shape = broadcast(inputs[0].shape(), inputs[1].shape());
  const Tensor a = broadcast_to(inputs[0], shape), b = broadcast_to(inputs[1], shape);
  if (!is_float(a.dtype()) && a.dtype() == b.dtype()) return {integer_binary(op.kind, a, b)};
  if (is_float(a.dtype()) != is_float(b.dtype()) || !is_float(a.dtype())) {
    Tensor y = mixed_power(a, b);
    if (op.act)
      for (float& value : y.data<float>()) value = apply(op.act, value);
    return {y};
  }
  const Tensor left = to_f32(a), right = to_f32(b);
  Tensor y(DType::kF32, shape);
  std::ranges::transform(left.data<float>(), right.data<float>(), y.data<float>().begin(), [&](float u, float v) {
    return apply(op.act, static_cast<float>(real_result(op.kind, static_cast<double>(u), static_cast<double>(v))));
  });
  return {y};
}

}  // namespace fovea
