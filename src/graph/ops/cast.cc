#include "graph/ops/cast.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "graph/ops/rules.h"
#include "tensor/dispatch.h"

namespace fovea {
namespace {

/// As C casts, but without its undefined cases: out of range saturates, NaN becomes 0. Integers wrap around.
template <typename To, typename From>
To converted(From value) {
  if constexpr (std::is_same_v<To, bool>) {
    return value != From{};
  } else if constexpr (std::is_integral_v<To> && std::is_floating_point_v<From>) {
    const double whole = std::trunc(static_cast<double>(value));
    if (std::isnan(whole)) return To{0};
    if (whole <= static_cast<double>(std::numeric_limits<To>::min())) return std::numeric_limits<To>::min();
    if (whole >= static_cast<double>(std::numeric_limits<To>::max())) return std::numeric_limits<To>::max();
    return static_cast<To>(whole);
  } else {
    return static_cast<To>(value);
  }
}

}  // namespace

std::vector<ValueType> infer_types(const Cast& op, std::span<const OperandType> inputs) {
  expect_inputs("cast", inputs, 1, 1);
  return one({op.to, inputs[0].type.shape});
}

std::vector<Tensor> compute_reference(const Cast& op, std::span<const Tensor> inputs) {
  const auto is_short = [](DType dtype) {
    return dtype == DType::kF16 || dtype == DType::kBF16 || dtype == DType::kF8;
  };
  const bool short_float = is_short(inputs[0].dtype());
  const Tensor x = short_float ? to_f32(inputs[0]) : inputs[0];
  const bool to_short = is_short(op.to);
  Tensor y(to_short ? DType::kF32 : op.to, x.shape());
  with_element(x.dtype(), [&]<typename From>(From) {
    with_element(y.dtype(), [&]<typename To>(To) {
      constexpr bool plain = std::is_arithmetic_v<From> && std::is_arithmetic_v<To>;
      if constexpr (plain)
        std::ranges::transform(x.data<From>(), y.data<To>().begin(), [](From v) { return converted<To, From>(v); });
    });
  });
  return {to_short ? from_f32(y, op.to) : y};
}

}  // namespace fovea
