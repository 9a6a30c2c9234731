#pragma once

#include <string>
#include <vector>

#include "graph/graph.h"

namespace fovea {

/// Chains of nodes that may pay as one region, by name and in order; whether anything runs them so is the target's to
/// say. The front of a network (pixels, first convolution, max pooling behind it where there is one) and bottleneck
/// blocks.
std::vector<std::vector<std::string>> region_candidates(const Graph& graph);

/// Such a chain becomes one node (graph/ops/region.h), whose name is those of its nodes with kJoined between them.
void make_region(Graph& graph, const std::vector<std::string>& nodes);

}  // namespace fovea
