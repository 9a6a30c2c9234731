#pragma once

#include "passes/pass.h"

namespace fovea {

/// Reshape, transpose, reshape that shuffle channels become one node, which runs in any layout.
bool recognize_channel_shuffle(Graph& graph, const PassContext& context);

}  // namespace fovea
