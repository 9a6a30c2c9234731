#pragma once

#include "graph/op_support.h"

namespace fovea {

struct Transpose {
  std::vector<std::int64_t> perm;  ///< output axis i is input axis perm[i]
  bool operator==(const Transpose&) const = default;
};

template <typename Visitor>
void visit_attributes(Transpose& op, Visitor&& visit) {
  visit("perm", op.perm);
}

FOVEA_OP(Transpose, "transpose")

}  // namespace fovea
