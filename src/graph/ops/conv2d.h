#pragma once

#include <array>

#include "graph/op_support.h"

namespace fovea {

/// y = act(conv(x, w) + b + residual). Inputs: x [n,c,h,w], w [k,c/groups,r,s], b [k] or none, residual [shape of y]
/// where `residual` is set. ONNX Conv.
struct Conv2d {
  std::array<int, 2> strides = {1, 1};
  std::array<int, 4> pads = {0, 0, 0, 0};  ///< top, left, bottom, right
  std::array<int, 2> dilations = {1, 1};
  int groups = 1;
  Activation act;
  bool residual = false;
  bool tf32 = false;  ///< factors in f32 may be rounded to TF32 (10 bits behind the point)
  bool operator==(const Conv2d&) const = default;
};

template <typename Visitor>
void visit_attributes(Conv2d& op, Visitor&& visit) {
  visit("strides", op.strides);
  visit("pads", op.pads);
  visit("dilations", op.dilations);
  visit("groups", op.groups);
  visit("act", op.act);
  visit("residual", op.residual);
  visit("tf32", op.tf32);
}

FOVEA_OP(Conv2d, "conv2d")

}  // namespace fovea
