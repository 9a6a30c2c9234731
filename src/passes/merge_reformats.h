#pragma once

#include "passes/pass.h"

namespace fovea {

bool merge_reformats(Graph& graph, const PassContext& context);

}  // namespace fovea
