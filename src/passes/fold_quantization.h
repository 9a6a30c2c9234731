#pragma once

#include "passes/pass.h"

namespace fovea {

bool fold_quantization(Graph& graph, const PassContext& context);

}  // namespace fovea
