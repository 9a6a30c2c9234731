#pragma once

#include "passes/pass.h"

namespace fovea {

bool fold_affine(Graph& graph, const PassContext& context);

}  // namespace fovea
