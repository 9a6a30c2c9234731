#pragma once

#include "passes/pass.h"

namespace fovea {

/// Folds the affine node i (as `affine_of` reads it) into the convolution or gemm that feeds it, or else into the one
/// that it alone feeds. True if it did.
bool fold_into_neighbor(Graph& graph, const GraphIndex& index, std::size_t i, const PassContext& context);

}  // namespace fovea
