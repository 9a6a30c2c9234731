#include "passes/propagate_quantization.h"

#include <algorithm>

#include "passes/quantized.h"
#include "passes/rewrite.h"

namespace fovea {
namespace {

bool commutes(const Node& node) {
  const auto* unary = std::get_if<Unary>(&node.op);
  return moves_elements(node.op) || (unary && unary->fn.function == Function::kRelu);
}

/// Whether the target runs the node with all data in this type.
bool runs_as(const Graph& graph, const Node& node, const Value& type, const PassContext& context) {
  if (!context.runs) return true;
  Graph trial = graph;
  for (const ValueId id : node.inputs) {
    trial.value(id).dtype = type.dtype;
    trial.value(id).quant = type.quant;
  }
  trial.value(node.outputs[0]).dtype = type.dtype;
  trial.value(node.outputs[0]).quant = type.quant;
  return context.supported(trial, node);
}

// quantize(f(x …)) → f(quantize(x) …) for what only moves elements: max-pooling, reshapes, transposes, concat; relu too
bool move_up(Graph& graph, const GraphIndex& index, std::size_t i, const PassContext& context) {
  const Node& node = graph.nodes()[i];
  if (!commutes(node) && !std::holds_alternative<Concat>(node.op)) return false;
  const auto f32 = [&](ValueId id) { return is_plain_f32(graph.value(id)) && !graph.value(id).is_constant(); };
  if (!f32(node.outputs[0]) || !std::ranges::all_of(node.inputs, f32)) return false;
  const auto converters = only_converted(graph, index, node.outputs[0]);
  if (converters.empty()) return false;
  const Value type = graph.value(graph.nodes()[converters[0]].outputs[0]);
  if (!is_stored8(type) || !runs_as(graph, node, type, context)) return false;
  take_over(graph, i, converters);
  const std::vector<ValueId> inputs = graph.nodes()[i].inputs;
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    const ValueId q =
        rewrite::insert_identity(graph, i + k, inputs[k], type.dtype, type.quant, graph.value(inputs[k]).name + ".q");
    graph.nodes()[i + k + 1].inputs[k] = q;
  }
  return true;
}

// f(dequantize(q)) → dequantize(f(q))
bool move_down(Graph& graph, const GraphIndex& index, std::size_t i, const PassContext& context) {
  const Node& node = graph.nodes()[i];
  if (!commutes(node)) return false;
  const ValueId q = stored_source(graph, index, node.inputs[0]);
  if (q == kNoValue || !is_stored8(graph.value(q)) || !is_plain_f32(graph.value(node.outputs[0]))) return false;
  const Value type = graph.value(q);
  if (!runs_as(graph, node, type, context)) return false;
  const ValueId real = node.outputs[0];
  const std::string name = node.name;
  const Op op = node.op;
  const ValueId moved = graph.insert_node(i, op, {q}, graph.unique_node_name(name + ".q"));
  graph.value(moved).dtype = type.dtype;
  graph.value(moved).quant = type.quant;
  graph.nodes()[i + 1] = Node{name, Identity{}, {moved}, {real}};
  return true;
}

}  // namespace

bool propagate_quantization(Graph& graph, const PassContext& context) {
  const auto rule = [&](Graph& g, const GraphIndex& index, std::size_t i) {
    return move_up(g, index, i, context) || move_down(g, index, i, context);
  };
  bool changed = false;
  while (rewrite::everywhere(graph, rule)) changed = true;  // what moved up may move on from an earlier node
  return changed;
}

}  // namespace fovea
