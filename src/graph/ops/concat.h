#pragma once

#include "graph/op_support.h"

namespace fovea {

struct Concat {
  int axis = 1;  ///< ≥ 0
  bool operator==(const Concat&) const = default;
};

template <typename Visitor>
void visit_attributes(Concat& op, Visitor&& visit) {
  visit("axis", op.axis);
}

FOVEA_OP(Concat, "concat")

}  // namespace fovea
