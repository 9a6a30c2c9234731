#pragma once

#include "graph/op_support.h"

namespace fovea {

/// A whole network that one step runs, opaque here: what it computes is known to the step's packed bytes alone (the
/// plan of a vendor's compiler). [n, …] → f32 [n, classes].
struct Region {
  std::int64_t classes = 1;
  std::int64_t macs = 0;  ///< of one image, as counted in the network that was compiled
  bool operator==(const Region&) const = default;
};

template <typename Visitor>
void visit_attributes(Region& op, Visitor&& visit) {
  visit("classes", op.classes);
  visit("macs", op.macs);
}

FOVEA_OP(Region, "region")

}  // namespace fovea
