#pragma once

#include "graph/op_support.h"

namespace fovea {

/// Index (s64) of the largest element along an axis, of the first one among equals or of the last.
struct ArgMax {
  int axis = 0;
  bool keep_dims = true;
  bool select_last = false;
  bool operator==(const ArgMax&) const = default;
};

template <typename Visitor>
void visit_attributes(ArgMax& op, Visitor&& visit) {
  visit("axis", op.axis);
  visit("keep_dims", op.keep_dims);
  visit("select_last", op.select_last);
}

FOVEA_OP(ArgMax, "arg_max")

}  // namespace fovea
