#pragma once

#include "passes/pass.h"

namespace fovea {

bool fuse_residual(Graph& graph, const PassContext& context);

}  // namespace fovea
