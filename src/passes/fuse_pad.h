#pragma once

#include "passes/pass.h"

namespace fovea {

bool fuse_pad(Graph& graph, const PassContext& context);

}  // namespace fovea
