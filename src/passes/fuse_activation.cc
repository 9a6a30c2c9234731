#include "passes/fuse_activation.h"

#include "passes/rewrite.h"

namespace fovea {
namespace {

// act(f(x)) → f(x) with epilogue act
bool fuse(Graph& graph, const GraphIndex& index, std::size_t i, const PassContext& context) {
  const Node& node = graph.nodes()[i];
  const auto* unary = std::get_if<Unary>(&node.op);
  if (!unary || !unary->fn) return false;
  const ValueId x = node.inputs[0];
  const int before = index.producer(x);
  if (before < 0 || rewrite::sole_consumer(index, x) != static_cast<int>(i) || graph.value(x).quant) return false;
  Node merged = graph.nodes()[static_cast<std::size_t>(before)];
  Activation* act = epilogue(merged.op);
  if (!act || *act) return false;
  *act = unary->fn;
  merged.outputs = node.outputs;
  if (!context.supported(graph, merged)) return false;
  rewrite::merge(graph, static_cast<std::size_t>(before), i, std::move(merged));
  return true;
}

}  // namespace

bool fuse_activation(Graph& graph, const PassContext& context) {
  return rewrite::everywhere(
      graph, [&](Graph& g, const GraphIndex& index, std::size_t i) { return fuse(g, index, i, context); });
}

}  // namespace fovea
