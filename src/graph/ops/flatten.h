#pragma once

#include "graph/op_support.h"

namespace fovea {

/// Two dimensions: the product of those before `axis`, and of the others.
struct Flatten {
  int axis = 1;  ///< in [0, rank]
  bool operator==(const Flatten&) const = default;
};

template <typename Visitor>
void visit_attributes(Flatten& op, Visitor&& visit) {
  visit("axis", op.axis);
}

FOVEA_OP(Flatten, "flatten")

}  // namespace fovea
