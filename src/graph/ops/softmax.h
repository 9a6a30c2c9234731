#pragma once

#include "graph/op_support.h"

namespace fovea {

/// Along `axis` (ONNX opset 13; older models are rewritten on import). `log`: log-softmax.
struct Softmax {
  int axis = 1;  ///< ≥ 0
  bool log = false;
  bool operator==(const Softmax&) const = default;
};

template <typename Visitor>
void visit_attributes(Softmax& op, Visitor&& visit) {
  visit("axis", op.axis);
  visit("log", op.log);
}

FOVEA_OP(Softmax, "softmax")

}  // namespace fovea
