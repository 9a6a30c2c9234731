#pragma once

#include "compiler/layout_choice.h"

namespace fovea {

/// Joins sibling 1 × 1 convolutions (passes/join_siblings.h), group by group, where the least cost of the whole graph
/// (nodes, slices and reformats as timed) falls by more than timing can err. The graph's batch decides with it: slices
/// of one image need no copy. True if it changed.
bool join_where_faster(Graph& graph, CostTable& costs);

}  // namespace fovea
