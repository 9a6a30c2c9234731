#pragma once

#include "passes/pass.h"

namespace fovea {

/// Leaves dequantize nodes alone: their constants are the weights of layers that are to run in 8 bits.
bool fold_constants(Graph& graph, const PassContext& context);
/// Those too, once the types are decided.
bool fold_all_constants(Graph& graph, const PassContext& context);

}  // namespace fovea
