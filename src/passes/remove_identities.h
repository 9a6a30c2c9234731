#pragma once

#include "passes/pass.h"

namespace fovea {

bool remove_identities(Graph& graph, const PassContext& context);

}  // namespace fovea
