#include "passes/fold_constants.h"

#include <algorithm>

#include "graph/reference.h"
#include "passes/rewrite.h"

namespace fovea {
namespace {

constexpr std::size_t kAlwaysSmall = 64U << 10;

/// A folded constant must not make the engine larger than the graph that it stands for.
bool small_enough(const Graph& graph, const Node& node) {
  std::size_t in = 0, out = 0;
  for (const ValueId id : node.inputs)
    if (id != kNoValue) in += graph.value(id).constant.byte_size();
  for (const ValueId id : node.outputs)
    out += static_cast<std::size_t>(graph.value(id).shape.elements()) * size_of(graph.value(id).dtype);
  // Four times: bytes that stand for floats.
  return out <= std::max(kAlwaysSmall, 4 * in);
}

bool all_constant(const Graph& graph, const Node& node) {
  return !node.inputs.empty() && std::all_of(node.inputs.begin(), node.inputs.end(), [&](ValueId id) {
    return id == kNoValue || !graph.value(id).constant.empty();
  });
}

bool dequantizes(const Graph& graph, const Node& node) {
  return std::holds_alternative<Dequantize>(node.op) ||
         (std::holds_alternative<Identity>(node.op) && graph.input_of(node, 0).quant.has_value());
}

// f(const …) → const
bool fold(Graph& graph, std::size_t i) {
  const Node& node = graph.nodes()[i];
  if (!all_constant(graph, node) || !small_enough(graph, node)) return false;
  std::vector<Tensor> inputs;
  for (const ValueId id : node.inputs) inputs.push_back(id == kNoValue ? Tensor() : graph.value(id).constant);
  std::vector<Tensor> outputs = run_reference(graph, node, inputs);
  for (std::size_t k = 0; k < outputs.size(); ++k) graph.value(node.outputs[k]).constant = std::move(outputs[k]);
  rewrite::erase(graph, i);
  return true;
}

}  // namespace

bool fold_constants(Graph& graph, const PassContext&) {
  return rewrite::everywhere(
      graph, [](Graph& g, const GraphIndex&, std::size_t i) { return !dequantizes(g, g.nodes()[i]) && fold(g, i); });
}

bool fold_all_constants(Graph& graph, const PassContext&) {
  return rewrite::everywhere(graph, [](Graph& g, const GraphIndex&, std::size_t i) { return fold(g, i); });
}

}  // namespace fovea
