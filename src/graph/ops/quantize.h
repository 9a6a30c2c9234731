#pragma once

#include "graph/op_support.h"

namespace fovea {

/// q = saturate(round_half_even(x / scale) + zero_point). Inputs: x, scale ([] or [c] along `axis`), zero_point or
/// none. `to` is s8 or u8 (16-bit types and FP8 E4M3 by the reference only; FP8 has no zero point but 0). ONNX
/// QuantizeLinear.
struct Quantize {
  DType to = DType::kS8;
  int axis = 1;
  bool operator==(const Quantize&) const = default;
};

/// x = (q − zero_point) · scale. Inputs: q, scale, zero_point or none. ONNX DequantizeLinear.
struct Dequantize {
  int axis = 1;
  bool operator==(const Dequantize&) const = default;
};

template <typename Visitor>
void visit_attributes(Quantize& op, Visitor&& visit) {
  visit("to", op.to);
  visit("axis", op.axis);
}
template <typename Visitor>
void visit_attributes(Dequantize& op, Visitor&& visit) {
  visit("axis", op.axis);
}

FOVEA_OP(Quantize, "quantize")
FOVEA_OP(Dequantize, "dequantize")

}  // namespace fovea
