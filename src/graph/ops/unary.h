#pragma once

#include "graph/op_support.h"

namespace fovea {

/// y = function(x), element by element.
struct Unary {
  Activation fn;
  bool operator==(const Unary&) const = default;
};

FOVEA_OP(Unary, "unary")

}  // namespace fovea
