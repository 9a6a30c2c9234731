#pragma once

#include "graph/op_support.h"

namespace fovea {

/// numpy.matmul: the last two axes multiply, the others broadcast; rank-1 operands are promoted. ONNX MatMul.
struct MatMul {
  bool operator==(const MatMul&) const = default;
};

template <typename Visitor>
void visit_attributes(MatMul&, Visitor&&) {}

FOVEA_OP(MatMul, "matmul")

}  // namespace fovea
