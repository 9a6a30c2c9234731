#pragma once

#include "passes/pass.h"

namespace fovea {

bool fold_batch_norm(Graph& graph, const PassContext& context);

}  // namespace fovea
