#pragma once

#include "passes/pass.h"

namespace fovea {

bool type_quantization(Graph& graph, const PassContext& context);

}  // namespace fovea
