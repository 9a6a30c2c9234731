#include "passes/fold_neighbor.h"

#include <fmt/format.h>

#include "passes/affine.h"
#include "passes/rewrite.h"

namespace fovea {
namespace {

/// The new weights are known by the names of those that they replace.
void take_names(Graph& graph, const Node& old, const Node& merged) {
  for (std::size_t i = 1; i < old.inputs.size() && i < 3; ++i) {
    if (old.inputs[i] == kNoValue || old.inputs[i] == merged.inputs[i]) continue;
    const std::string name = graph.value(old.inputs[i]).name;
    graph.value(old.inputs[i]).name = fmt::format("{}.unfolded{}", name, old.inputs[i]);
    graph.value(merged.inputs[i]).name = name;  // compact() tells the graph
  }
}

bool fold_backward(Graph& graph, const GraphIndex& index, std::size_t i, const AffineNode& found,
                   const PassContext& context) {
  const Node& node = graph.nodes()[i];
  const ValueId x = node.inputs[found.data];
  const int before = index.producer(x);
  if (before < 0 || rewrite::sole_consumer(index, x) != static_cast<int>(i)) return false;
  auto merged = with_affine_after(graph, graph.nodes()[static_cast<std::size_t>(before)], found.affine);
  if (!merged) return false;
  if (const Activation* act = epilogue(graph.nodes()[i].op)) *epilogue(merged->op) = *act;
  merged->outputs = graph.nodes()[i].outputs;
  if (!context.supported(graph, *merged)) return false;
  take_names(graph, graph.nodes()[static_cast<std::size_t>(before)], *merged);
  rewrite::merge(graph, static_cast<std::size_t>(before), i, std::move(*merged));
  return true;
}

bool fold_forward(Graph& graph, const GraphIndex& index, std::size_t i, const AffineNode& found) {
  const Node& node = graph.nodes()[i];
  const Activation* act = epilogue(node.op);
  const int after = rewrite::sole_consumer(index, node.outputs[0]);
  if (after < 0 || (act && *act)) return false;
  const auto place = static_cast<std::size_t>(after);
  if (graph.nodes()[place].inputs[0] != node.outputs[0]) return false;  // it feeds a residual
  auto merged = with_affine_before(graph, graph.nodes()[place], found.affine);
  if (!merged) return false;
  take_names(graph, graph.nodes()[place], *merged);
  merged->inputs[0] = graph.nodes()[i].inputs[found.data];
  rewrite::merge(graph, i, place, std::move(*merged));
  return true;
}

}  // namespace

bool fold_into_neighbor(Graph& graph, const GraphIndex& index, std::size_t i, const PassContext& context) {
  const auto found = affine_of(graph, graph.nodes()[i]);
  return found && (fold_backward(graph, index, i, *found, context) || fold_forward(graph, index, i, *found));
}

}  // namespace fovea
