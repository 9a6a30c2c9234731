#pragma once

#include "graph/op_support.h"

namespace fovea {

/// y = x < 0 ? slope · x : x; slope broadcasts to x in one direction. Inputs: x, slope. ONNX PRelu.
struct PRelu {
  bool operator==(const PRelu&) const = default;
};

template <typename Visitor>
void visit_attributes(PRelu&, Visitor&&) {}

FOVEA_OP(PRelu, "prelu")

}  // namespace fovea
