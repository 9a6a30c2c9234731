#pragma once

#include "graph/op_support.h"

namespace fovea {

/// numpy's x[start:end:step] on the named axes (≥ 0); starts and ends as in ONNX (negative from the end, clamped).
struct Slice {
  std::vector<std::int64_t> axes, starts, ends, steps;
  bool operator==(const Slice&) const = default;
};

FOVEA_OP(Slice, "slice")

}  // namespace fovea
