#pragma once

#include "passes/pass.h"

namespace fovea {

bool dead_nodes(Graph& graph, const PassContext& context);

}  // namespace fovea
