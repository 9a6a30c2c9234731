#pragma once

#include "graph/op_support.h"

namespace fovea {

/// 0 copies the input's dimension at that place (so the batch passes through), one −1 takes what is left.
struct Reshape {
  std::vector<std::int64_t> dims;
  bool operator==(const Reshape&) const = default;
};

template <typename Visitor>
void visit_attributes(Reshape& op, Visitor&& visit) {
  visit("dims", op.dims);
}

FOVEA_OP(Reshape, "reshape")

}  // namespace fovea
