#pragma once

#include "graph/op_support.h"

namespace fovea {

/// One output per entry of `sizes`, which add up to the dimension.
struct Split {
  int axis = 1;  ///< ≥ 0
  std::vector<std::int64_t> sizes;
  bool operator==(const Split&) const = default;
};

template <typename Visitor>
void visit_attributes(Split& op, Visitor&& visit) {
  visit("axis", op.axis);
  visit("sizes", op.sizes);
}

FOVEA_OP(Split, "split")

}  // namespace fovea
