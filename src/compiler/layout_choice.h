#pragma once

#include <vector>

#include "compiler/cost.h"
#include "graph/graph.h"

namespace fovea {

/// Which candidate each node of a graph runs as.
struct LayoutPlan {
  std::vector<const Candidate*> nodes;  ///< by node
  double microseconds = 0;
  bool exact = true;
};

/// Least sum of nodes and reformats over the whole graph, where a reformat is shared by all consumers that want the
/// same layout. Graph inputs and outputs are plain. `reformat_weight` scales what a reformat is taken to cost (1: as
/// timed), `only`: images between nodes are kept in this layout where a node's candidates allow it; `quiet`: shows no
/// progress.
struct LayoutOptions {
  double reformat_weight = 1;
  std::optional<Layout> only = {};
  bool quiet = false;
};
LayoutPlan choose_layouts(const Graph& graph, CostTable& costs, const LayoutOptions& options = {});

}  // namespace fovea
