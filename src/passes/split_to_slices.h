#pragma once

#include "passes/pass.h"

namespace fovea {

/// Each part of a split is a slice of its own, so that unused parts go and 8-bit types pass through.
bool split_to_slices(Graph& graph, const PassContext& context);

}  // namespace fovea
