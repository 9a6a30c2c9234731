#pragma once

#include <vector>

#include "backend/api/view.h"

namespace fovea {

/// The nodes of a region with a body as tactics see them: its operands' types and constants stand for the body's
/// inputs, images between the nodes lie n h w c.
struct RegionView {
  Graph graph;
  std::vector<NodeView> nodes;  ///< as in graph.nodes()
};
/// `weights`, where given, are the region's: the graph holds them as constants then. The region must have a body.
RegionView region_view(const NodeView& region, const Weights* weights = nullptr);

}  // namespace fovea
