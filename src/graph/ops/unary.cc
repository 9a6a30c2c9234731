#include "graph/ops/unary.h"

#include <algorithm>
#include <limits>

#include "graph/ops/rules.h"
#include "tensor/dispatch.h"

namespace fovea {
namespace {

bool works_on_integers(Function function) {
  return function == Function::kIdentity || function == Function::kRelu || function == Function::kClip ||
         function == Function::kAbs || function == Function::kNeg;
}

/// The bounds of a clip as integers: the range between them, saturated to what T holds.
template <typename T>
T bound(float value) {
  const double limit = static_cast<double>(value);
  if (limit <= static_cast<double>(std::numeric_limits<T>::min())) return std::numeric_limits<T>::min();
  if (limit >= static_cast<double>(std::numeric_limits<T>::max())) return std::numeric_limits<T>::max();
  return static_cast<T>(limit);
}

template <typename T>
T integer_apply(const Activation& fn, T x) {
  switch (fn.function) {
    case Function::kRelu:
      return std::max(x, T{0});
    case Function::kClip:
      return std::min(std::max(x, bound<T>(fn.alpha)), bound<T>(fn.beta));
    case Function::kAbs:
      return x < T{0} ? static_cast<T>(T{0} - x) : x;
    case Function::kNeg:
      return static_cast<T>(std::uint64_t{0} - static_cast<std::uint64_t>(x));
    default:
      return x;
  }
}

}  // namespace

std::vector<ValueType> infer_types(const Unary& op, std::span<const OperandType> inputs) {
  expect_inputs("unary", inputs, 1, 1);
  const ValueType& x = inputs[0].type;
  expect(is_float(x.dtype) || (works_on_integers(op.fn.function) && x.dtype != DType::kBool), "unary",
         "{} of {}, expected real numbers", name(op.fn.function), name(x.dtype));
  return one(x);
}

std::vector<Tensor> compute_reference(const Unary& op, std::span<const Tensor> inputs) {
  if (!is_float(inputs[0].dtype())) {
    Tensor y = inputs[0].clone();
    with_integer(y.dtype(), [&]<typename T>(T) {
      for (T& value : y.data<T>()) value = integer_apply(op.fn, value);
    });
    return {y};
  }
  Tensor y = to_f32(inputs[0]).clone();
  for (float& value : y.data<float>()) value = apply(op.fn, value);
  return {y};
}

}  // namespace fovea
