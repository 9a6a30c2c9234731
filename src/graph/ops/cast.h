#pragma once

#include "graph/op_support.h"

namespace fovea {

struct Cast {
  DType to = DType::kF32;
  bool operator==(const Cast&) const = default;
};

template <typename Visitor>
void visit_attributes(Cast& op, Visitor&& visit) {
  visit("to", op.to);
}

FOVEA_OP(Cast, "cast")

}  // namespace fovea
