#include "passes/merge_reformats.h"

#include "passes/quantized.h"
#include "passes/rewrite.h"

namespace fovea {
namespace {

bool is_identity(const Node* node) { return node && std::holds_alternative<Identity>(node->op); }

// identity(identity(x) in f32) → identity(x): nothing is lost on the way through f32
bool merge_pair(Graph& graph, const GraphIndex& index, std::size_t i) {
  const Node& node = graph.nodes()[i];
  if (!is_identity(&node) || !is_plain_f32(graph.value(node.inputs[0]))) return false;
  const Node* before = rewrite::producer(graph, index, node.inputs[0]);
  if (!is_identity(before)) return false;
  graph.nodes()[i].inputs[0] = before->inputs[0];
  return true;
}

// identity(f(x)) → f(x) in the identity's type, where f's own output is as exact or more so than that type needs
bool merge_into_producer(Graph& graph, const GraphIndex& index, std::size_t i, const PassContext& context) {
  const Node& node = graph.nodes()[i];
  if (is_identity(&node) || node.outputs.size() != 1 || std::holds_alternative<Quantize>(node.op)) return false;
  const Value& own = graph.value(node.outputs[0]);
  const auto converters = only_converted(graph, index, node.outputs[0]);
  if (converters.empty() || own.quant) return false;
  Node merged = node;
  merged.outputs[0] = graph.nodes()[converters[0]].outputs[0];
  const Value& type = graph.value(merged.outputs[0]);
  const bool widens = is_float(own.dtype) && is_plain_f32(type);
  if (!is_plain_f32(own) && !widens) return false;
  if (moves_elements(node.op) || std::holds_alternative<Concat>(node.op)) return false;  // bytes are all they move
  if (is_stored8(type) && !context.runs) return false;
  if (!context.supported(graph, merged)) return false;
  take_over(graph, i, converters);
  return true;
}

}  // namespace

bool merge_reformats(Graph& graph, const PassContext& context) {
  // Pairs first: what they leave alone keeps its value's name.
  const bool pairs = rewrite::everywhere(graph, merge_pair);
  const bool producers = rewrite::everywhere(graph, [&](Graph& g, const GraphIndex& index, std::size_t i) {
    return merge_into_producer(g, index, i, context);
  });
  return pairs || producers;
}

}  // namespace fovea
