#pragma once

#include "graph/op_support.h"

namespace fovea {

/// The same logical values; in a plan the place where dtype, quantisation scale or layout change (a reformat).
struct Identity {
  bool operator==(const Identity&) const = default;
};

template <typename Visitor>
void visit_attributes(Identity&, Visitor&&) {}

FOVEA_OP(Identity, "identity")

}  // namespace fovea
