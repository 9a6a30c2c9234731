#include "compiler/join_where_faster.h"

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "passes/join_siblings.h"

namespace fovea {
namespace {

constexpr double kWorthJoining = 0.05;  ///< of what the siblings cost; less is within the estimator's noise

/// The least cost; more than any where some node has no tactic.
double cost_of(const Graph& graph, CostTable& costs) {
  try {
    return choose_layouts(graph, costs, {.quiet = true}).microseconds;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kUnsupported) throw;
    return std::numeric_limits<double>::infinity();
  }
}

double cost_of(const Graph& graph, const std::vector<std::string>& nodes, CostTable& costs) {
  double sum = 0;
  for (const std::string& name : nodes)
    sum += std::ranges::min(costs.of(graph, *graph.find_node(name)).all, {}, &Candidate::microseconds).microseconds;
  return sum;
}

}  // namespace

bool join_where_faster(Graph& graph, CostTable& costs) {
  const auto groups = sibling_convolutions(graph);
  if (groups.empty()) return false;
  bool changed = false;
  double best = cost_of(graph, costs);
  for (const auto& group : groups) {
    Graph joined = graph;
    join_convolutions(joined, group);
    const double cost = cost_of(joined, costs);
    if (best - cost <= kWorthJoining * cost_of(graph, group, costs)) continue;
    best = cost;
    graph = std::move(joined);
    changed = true;
  }
  return changed;
}

}  // namespace fovea
