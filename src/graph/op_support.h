#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "graph/activation.h"
#include "tensor/tensor.h"

namespace fovea {

inline constexpr int kMostAxes = 64;  ///< highest rank of a value; a bound for hostile files only

struct ValueType {
  DType dtype = DType::kF32;
  Shape shape;
  bool operator==(const ValueType&) const = default;
};

/// What an op's rules see of one input. `constant` is null unless the value is known when the graph is built.
struct OperandType {
  ValueType type;
  const Tensor* constant = nullptr;
  bool present = true;  ///< false for an optional input that is left out
};

/// Declares what every op must define in ops/<op>.cc; a missing one is a link error of the variant's visitors. Beside
/// it stands the op's table of attributes, `visit_attributes(op, visitor)`, which calls visitor("key", field) for every
/// field: it alone drives printing, parsing and hashing. Fields are int, float, bool, DType, Activation, arrays and
/// vectors of numbers, and enums that have an enum_names().
/// infer: dtypes and shapes of the outputs; kInvalidArgument "[name] what was given, what was expected".
/// reference: the slow, obvious version, in f32 (integers as they are, for shape arithmetic and casts): inputs in the
/// declared order, an empty Tensor where an optional one is left out. Quantised and 16-bit values are dequantised
/// before and rounded once after by run_reference (graph/reference.h), so no op knows of them.
#define FOVEA_OP(Type, text)                                                               \
  inline constexpr std::string_view op_name(const Type&) { return text; }                  \
  std::vector<ValueType> infer_types(const Type& op, std::span<const OperandType> inputs); \
  std::vector<Tensor> compute_reference(const Type& op, std::span<const Tensor> inputs);

}  // namespace fovea
