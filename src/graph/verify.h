#pragma once

#include "graph/graph.h"

namespace fovea {

/// Throws kInternal naming node or value when a graph breaks its rules: single assignment, topological order, ids in
/// range, unique names, types as inferred (up to quantised/narrowed dtypes), constants matching their types, outputs
/// existing.
void verify(const Graph& graph);

}  // namespace fovea
