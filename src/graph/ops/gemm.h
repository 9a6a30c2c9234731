#pragma once

#include "graph/op_support.h"

namespace fovea {

/// y = act(alpha · a' · b' + beta · c), a' = a or its transpose. Inputs: a [m,k], b [k,n], c broadcast to [m,n] or
/// none. The fully connected layer. ONNX Gemm.
struct Gemm {
  bool trans_a = false;
  bool trans_b = false;
  float alpha = 1;
  float beta = 1;
  Activation act;
  bool tf32 = false;  ///< as of Conv2d
  bool operator==(const Gemm&) const = default;
};

template <typename Visitor>
void visit_attributes(Gemm& op, Visitor&& visit) {
  visit("trans_a", op.trans_a);
  visit("trans_b", op.trans_b);
  visit("alpha", op.alpha);
  visit("beta", op.beta);
  visit("act", op.act);
  visit("tf32", op.tf32);
}

FOVEA_OP(Gemm, "gemm")

}  // namespace fovea
