#pragma once

#include "graph/op_support.h"

namespace fovea {

/// Local response normalisation across channels (Krizhevsky 2012, as in ONNX LRN).
struct Lrn {
  int size = 5;
  float alpha = 1e-4F;
  float beta = 0.75F;
  float bias = 1;
  bool operator==(const Lrn&) const = default;
};

template <typename Visitor>
void visit_attributes(Lrn& op, Visitor&& visit) {
  visit("size", op.size);
  visit("alpha", op.alpha);
  visit("beta", op.beta);
  visit("bias", op.bias);
}

FOVEA_OP(Lrn, "lrn")

}  // namespace fovea
