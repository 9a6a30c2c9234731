#pragma once

#include "passes/pass.h"

namespace fovea {

bool reduce_to_pool(Graph& graph, const PassContext& context);

}  // namespace fovea
