#pragma once

#include "graph/op_support.h"

namespace fovea {

struct Concat {
  int axis = 1;  ///< ≥ 0
  bool operator==(const Concat&) const = default;
};

FOVEA_OP(Concat, "concat")

}  // namespace fovea
