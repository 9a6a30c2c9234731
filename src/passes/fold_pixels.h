#pragma once

#include "passes/pass.h"

namespace fovea {

/// What a model computes per channel on the normalised image becomes part of the normalisation; padding behind it stays
/// right.
bool fold_pixels(Graph& graph, const PassContext& context);

}  // namespace fovea
