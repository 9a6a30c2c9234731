#include "compiler/rewrite_where_faster.h"

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "compiler/target.h"
#include "passes/join_siblings.h"
#include "passes/make_region.h"

namespace fovea {
namespace {

constexpr double kWorthIt = 0.05;  ///< of what the nodes cost; less is within the estimator's noise

using Names = std::vector<std::string>;

/// A kind of rewrite: the groups of nodes that it may take, and how it takes one.
struct Rewrite {
  std::vector<Names> (*find)(const Graph& graph);
  void (*apply)(Graph& graph, const Names& nodes);
};
constexpr std::array kRewrites = {Rewrite{sibling_convolutions, join_convolutions},
                                  Rewrite{region_candidates, make_region}};

/// The least cost; more than any where some node has no tactic.
double cost_of(const Graph& graph, CostTable& costs) {
  try {
    return choose_layouts(graph, costs, {.quiet = true}).microseconds;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kUnsupported) throw;
    return std::numeric_limits<double>::infinity();
  }
}

double cost_of(const Graph& graph, const Names& nodes, CostTable& costs) {
  double sum = 0;
  for (const std::string& name : nodes)
    sum += std::ranges::min(costs.of(graph, *graph.find_node(name)).all, {}, &Candidate::microseconds).microseconds;
  return sum;
}

/// A region that only the reference runs is none.
bool runs(const Graph& graph, const PassContext& target) {
  return std::ranges::all_of(graph.nodes(), [&](const Node& node) {
    return !std::holds_alternative<Region>(node.op) || target.supported(graph, node);
  });
}

}  // namespace

bool rewrite_where_faster(Graph& graph, CostTable& costs) {
  const PassContext target = target_context(costs.backend(), costs.device().info(), costs.threads());
  bool changed = false;
  double best = -1;  // not known
  for (const Rewrite& rewrite : kRewrites)
    for (const Names& nodes : rewrite.find(graph)) {
      if (std::ranges::any_of(nodes, [&](const std::string& name) { return graph.find_node(name) == nullptr; }))
        continue;
      Graph made = graph;
      rewrite.apply(made, nodes);
      if (!runs(made, target)) continue;
      if (best < 0) best = cost_of(graph, costs);
      const double cost = cost_of(made, costs);
      if (best - cost <= kWorthIt * cost_of(graph, nodes, costs)) continue;
      best = cost;
      graph = std::move(made);
      changed = true;
    }
  return changed;
}

}  // namespace fovea
