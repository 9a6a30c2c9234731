#pragma once

#include "passes/pass.h"

namespace fovea {

/// Layer norm written out (mean, difference, mean of squares, root, quotient) becomes one node, and products and sums
/// with constants behind it become its scale and bias.
bool recognize_layer_norm(Graph& graph, const PassContext& context);

}  // namespace fovea
