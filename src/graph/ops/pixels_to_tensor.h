#pragma once

#include <array>

#include "graph/op_support.h"

namespace fovea {

/// The engine's front: u8 pixels [n,h,w,c] → f32 [n,c,h,w], value = (pixel · scale − mean[c]) / std[c]; c is 1 or 3.
/// Stages 2 and 3 (0–255 → 0–1, channels first) inside the graph.
struct PixelsToTensor {
  float scale = 1.0F / 255.0F;
  std::array<float, 3> mean = {0, 0, 0};
  std::array<float, 3> std = {1, 1, 1};
  bool operator==(const PixelsToTensor&) const = default;
};

template <typename Visitor>
void visit_attributes(PixelsToTensor& op, Visitor&& visit) {
  visit("scale", op.scale);
  visit("mean", op.mean);
  visit("std", op.std);
}

FOVEA_OP(PixelsToTensor, "pixels_to_tensor")

}  // namespace fovea
