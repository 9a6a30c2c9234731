#pragma once

#include <set>
#include <string>
#include <vector>

#include "passes/pass.h"

namespace fovea {

/// Makes the named nodes read and write `dtype` (bf16 or f16) instead of f32: weights are rounded, biases and the
/// parameters of normalisations stay f32, and identities convert where a neighbour needs another type
/// (`passes_after_precision` then merges them). Returns the names of those that the target runs so and that were
/// changed.
std::vector<std::string> lower_precision(Graph& graph, const std::set<std::string>& nodes, DType dtype,
                                         const PassContext& context);

}  // namespace fovea
