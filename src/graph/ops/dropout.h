#pragma once

#include "graph/op_support.h"

namespace fovea {

/// Identity at inference; the trainer drops with probability `ratio`.
struct Dropout {
  float ratio = 0.5F;
  bool operator==(const Dropout&) const = default;
};

template <typename Visitor>
void visit_attributes(Dropout& op, Visitor&& visit) {
  visit("ratio", op.ratio);
}

FOVEA_OP(Dropout, "dropout")

}  // namespace fovea
