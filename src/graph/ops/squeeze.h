#pragma once

#include "graph/op_support.h"

namespace fovea {

struct Squeeze {
  std::vector<std::int64_t> axes;  ///< ≥ 0, each of size 1
  bool operator==(const Squeeze&) const = default;
};

struct Unsqueeze {
  std::vector<std::int64_t> axes;  ///< ≥ 0, of the result
  bool operator==(const Unsqueeze&) const = default;
};

template <typename Visitor>
void visit_attributes(Squeeze& op, Visitor&& visit) {
  visit("axes", op.axes);
}
template <typename Visitor>
void visit_attributes(Unsqueeze& op, Visitor&& visit) {
  visit("axes", op.axes);
}

FOVEA_OP(Squeeze, "squeeze")
FOVEA_OP(Unsqueeze, "unsqueeze")

}  // namespace fovea
