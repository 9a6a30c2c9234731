#include "passes/nest_concats.h"

#include <algorithm>

#include "passes/rewrite.h"

namespace fovea {
namespace {

bool same_type(const Value& a, const Value& b) { return a.dtype == b.dtype && a.quant == b.quant; }

/// The earlier concat along the same axis of the most values that `node` begins with; −1: none of two or more.
int joined_before(const Graph& graph, const GraphIndex& index, std::size_t i) {
  const Node& node = graph.nodes()[i];
  int best = -1;
  for (const int c : index.consumers(node.inputs[0])) {
    const Node& other = graph.nodes()[static_cast<std::size_t>(c)];
    const bool earlier = static_cast<std::size_t>(c) < i && other.op == node.op && other.inputs.size() >= 2;
    if (!earlier || other.inputs.size() >= node.inputs.size()) continue;
    if (!std::equal(other.inputs.begin(), other.inputs.end(), node.inputs.begin())) continue;
    if (!same_type(graph.value(other.outputs[0]), graph.value(node.outputs[0]))) continue;
    if (best < 0 || other.inputs.size() > graph.nodes()[static_cast<std::size_t>(best)].inputs.size()) best = c;
  }
  return best;
}

// ab = concat(a, b), y = concat(a, b, c …) → y = concat(ab, c …), where all are of one type
bool nest(Graph& graph, const GraphIndex& index, std::size_t i) {
  if (!std::holds_alternative<Concat>(graph.nodes()[i].op)) return false;
  const int before = joined_before(graph, index, i);
  if (before < 0) return false;
  const Node& inner = graph.nodes()[static_cast<std::size_t>(before)];
  std::vector<ValueId>& inputs = graph.nodes()[i].inputs;
  const auto joined = static_cast<std::ptrdiff_t>(inner.inputs.size());
  inputs.erase(inputs.begin() + 1, inputs.begin() + joined);
  inputs[0] = inner.outputs[0];
  return true;
}

}  // namespace

bool nest_concats(Graph& graph, const PassContext&) { return rewrite::everywhere(graph, nest); }

}  // namespace fovea
