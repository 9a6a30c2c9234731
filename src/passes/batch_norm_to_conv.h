#pragma once

#include "passes/pass.h"

namespace fovea {

bool batch_norm_to_conv(Graph& graph, const PassContext& context);

}  // namespace fovea
