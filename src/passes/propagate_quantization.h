#pragma once

#include "passes/pass.h"

namespace fovea {

bool propagate_quantization(Graph& graph, const PassContext& context);

}  // namespace fovea
