#pragma once

#include "graph/op_support.h"

namespace fovea {

/// y = function(x), element by element.
struct Unary {
  Activation fn;
  bool operator==(const Unary&) const = default;
};

template <typename Visitor>
void visit_attributes(Unary& op, Visitor&& visit) {
  visit("fn", op.fn);
}

FOVEA_OP(Unary, "unary")

}  // namespace fovea
