#pragma once

#include "graph/op_support.h"

namespace fovea {

/// y = (x − mean) / √(variance + epsilon) · scale + bias, mean and variance over `axes` of each x (Ba 2016, and ONNX
/// LayerNormalization). Inputs: x; scale and bias may be left out, each has the shape of x's normalised axes. `axes`
/// are neighbours in ascending order: the last ones in ONNX, {1} where channels are normalised per pixel.
struct LayerNorm {
  std::vector<std::int64_t> axes;
  float epsilon = 1e-5F;
  bool operator==(const LayerNorm&) const = default;
};

template <typename Visitor>
void visit_attributes(LayerNorm& op, Visitor&& visit) {
  visit("axes", op.axes);
  visit("epsilon", op.epsilon);
}

FOVEA_OP(LayerNorm, "layer_norm")

}  // namespace fovea
