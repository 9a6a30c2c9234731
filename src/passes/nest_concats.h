#pragma once

#include "passes/pass.h"

namespace fovea {

/// What is joined already is not joined again: then each part has one whole, and no copy of it is needed.
bool nest_concats(Graph& graph, const PassContext& context);

}  // namespace fovea
