#pragma once

#include "passes/pass.h"

namespace fovea {

bool common_subexpressions(Graph& graph, const PassContext& context);

}  // namespace fovea
