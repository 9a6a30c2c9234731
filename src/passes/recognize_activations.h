#pragma once

#include "passes/pass.h"

namespace fovea {

bool recognize_activations(Graph& graph, const PassContext& context);

}  // namespace fovea
