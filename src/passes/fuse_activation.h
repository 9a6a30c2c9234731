#pragma once

#include "passes/pass.h"

namespace fovea {

bool fuse_activation(Graph& graph, const PassContext& context);

}  // namespace fovea
