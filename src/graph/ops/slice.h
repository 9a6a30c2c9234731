#pragma once

#include "graph/op_support.h"

namespace fovea {

/// numpy's x[start:end:step] on the named axes (≥ 0); starts and ends as in ONNX (negative from the end, clamped).
struct Slice {
  std::vector<std::int64_t> axes, starts, ends, steps;
  bool operator==(const Slice&) const = default;
};

template <typename Visitor>
void visit_attributes(Slice& op, Visitor&& visit) {
  visit("axes", op.axes);
  visit("starts", op.starts);
  visit("ends", op.ends);
  visit("steps", op.steps);
}

FOVEA_OP(Slice, "slice")

}  // namespace fovea
