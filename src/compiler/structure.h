#pragma once

#include <map>
#include <string>

#include "graph/graph.h"

namespace fovea {

/// What a network is without its weights: node name → hash of op, attributes, what it reads from, types and shapes.
/// Equal maps: the same network, so that one's weights fit into the other's engine.
using Structure = std::map<std::string, std::string>;
Structure structure_of(const Graph& graph);

/// The first node, in the graph's order, that `known` lacks or has otherwise, or one that the graph lacks, with the
/// reason in words; empty: the same structure.
std::string structural_difference(const Structure& known, const Graph& graph);

}  // namespace fovea
