#pragma once

#include "passes/pass.h"

namespace fovea {

/// Transposes move behind what works on single elements or along axes, until they meet their inverse and go; a matrix
/// product between two of them becomes a 1 × 1 convolution.
bool sink_transposes(Graph& graph, const PassContext& context);

}  // namespace fovea
