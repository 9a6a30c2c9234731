#pragma once

#include "compiler/layout_choice.h"

namespace fovea {

/// Rewrites that pay only sometimes: sibling convolutions of 1 × 1 become one (passes/join_siblings.h), chains become a
/// region that some tactic runs (passes/make_region.h). Each is kept where the least cost of the whole graph (nodes,
/// slices and reformats as timed) falls by more than timing can err. The graph's batch decides with it: slices of one
/// image need no copy. True if it changed.
bool rewrite_where_faster(Graph& graph, CostTable& costs);

}  // namespace fovea
