#include "passes/split_to_slices.h"

#include "passes/rewrite.h"

namespace fovea {
namespace {

// a, b … = split(x) → a = slice(x), b = slice(x) …
bool replace(Graph& graph, std::size_t i) {
  const auto* split = std::get_if<Split>(&graph.nodes()[i].op);
  if (!split) return false;
  const Split op = *split;
  const Node old = graph.nodes()[i];
  std::int64_t start = 0;
  for (std::size_t k = 0; k < op.sizes.size(); ++k) {
    const Slice part{{op.axis}, {start}, {start + op.sizes[k]}, {1}};
    start += op.sizes[k];
    const std::string name = graph.unique_node_name(old.name + "." + std::to_string(k));
    graph.insert_node(i + 1 + k, part, {old.inputs[0]}, name);
    graph.nodes()[i + 1 + k].outputs = {old.outputs[k]};
  }
  rewrite::erase(graph, i);
  return true;
}

}  // namespace

bool split_to_slices(Graph& graph, const PassContext&) {
  return rewrite::everywhere(graph, [](Graph& g, const GraphIndex&, std::size_t i) { return replace(g, i); });
}

}  // namespace fovea
