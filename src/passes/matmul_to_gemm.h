#pragma once

#include "passes/pass.h"

namespace fovea {

bool matmul_to_gemm(Graph& graph, const PassContext& context);

}  // namespace fovea
