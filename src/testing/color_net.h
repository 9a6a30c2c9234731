#pragma once

#include "graph/graph.h"

namespace fovea {

constexpr int kColorSide = 16;

/// Tells pictures by their strongest colour channel, in 1 × 1 convolutions: conv1 (x + 0.5, relu) → conv2 (the weak
/// channels subtracted) → mean → fc → three logits. Model input: f32 n × 3 × 16 × 16.
struct ColorNetOptions {
  bool overflows_in_bf16 = false;  ///< a fourth channel of conv1 holds 3.4e38, finite in f32; conv2 ignores it
};
Graph color_net(const ColorNetOptions& options = {});

}  // namespace fovea
