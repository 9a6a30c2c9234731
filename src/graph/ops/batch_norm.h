#pragma once

#include "graph/op_support.h"

namespace fovea {

/// y = (x − mean) / sqrt(var + epsilon) · scale + bias per channel (axis 1). Inputs: x, scale, bias, mean, var, each
/// [c]. Inference form of ONNX BatchNormalization; the trainer keeps running statistics with `momentum` (of ONNX: the
/// old part).
struct BatchNorm {
  float epsilon = 1e-5F;
  float momentum = 0.9F;
  bool operator==(const BatchNorm&) const = default;
};

template <typename Visitor>
void visit_attributes(BatchNorm& op, Visitor&& visit) {
  visit("epsilon", op.epsilon);
  visit("momentum", op.momentum);
}

FOVEA_OP(BatchNorm, "batch_norm")

}  // namespace fovea
