#include "passes/quantized.h"

#include <algorithm>

#include "passes/rewrite.h"

namespace fovea {
namespace {

bool same_type(const Value& a, const Value& b) { return a.dtype == b.dtype && a.quant == b.quant; }

struct MovesElements {
  bool operator()(const Pool& op) const { return op.kind == PoolKind::kMax; }
  bool operator()(const GlobalPool& op) const { return op.kind == PoolKind::kMax; }
  bool operator()(const Reshape&) const { return true; }
  bool operator()(const Flatten&) const { return true; }
  bool operator()(const Squeeze&) const { return true; }
  bool operator()(const Unsqueeze&) const { return true; }
  bool operator()(const Transpose&) const { return true; }
  bool operator()(const Slice&) const { return true; }
  bool operator()(const ChannelShuffle&) const { return true; }
  template <typename Other>
  bool operator()(const Other&) const {
    return false;
  }
};

}  // namespace

bool is_quantized(const Graph& graph) {
  return std::ranges::any_of(graph.nodes(), [](const Node& node) {
    return std::holds_alternative<Quantize>(node.op) || std::holds_alternative<Dequantize>(node.op);
  });
}

bool is_stored8(const Value& value) { return is_scaled8(value.dtype) && value.quant && value.quant->axis < 0; }

bool is_plain_f32(const Value& value) { return value.dtype == DType::kF32 && !value.quant; }

ValueId stored_source(const Graph& graph, const GraphIndex& index, ValueId real) {
  const Node* node = rewrite::producer(graph, index, real);
  if (!node || !std::holds_alternative<Identity>(node->op) || !is_plain_f32(graph.value(real))) return kNoValue;
  return graph.value(node->inputs[0]).quant ? node->inputs[0] : kNoValue;
}

std::vector<std::size_t> only_converted(const Graph& graph, const GraphIndex& index, ValueId real) {
  std::vector<std::size_t> found;
  if (rewrite::is_output(graph, real)) return found;
  for (const int i : index.consumers(real)) {
    const Node& node = graph.nodes()[static_cast<std::size_t>(i)];
    if (!std::holds_alternative<Identity>(node.op)) return {};
    const Value& made = graph.value(node.outputs[0]);
    if (same_type(made, graph.value(real))) return {};
    if (!found.empty() && !same_type(made, graph.value(graph.nodes()[found[0]].outputs[0]))) return {};
    found.push_back(static_cast<std::size_t>(i));
  }
  return found;
}

void take_over(Graph& graph, std::size_t i, const std::vector<std::size_t>& converters) {
  const ValueId kept = graph.nodes()[converters.front()].outputs[0];
  for (const std::size_t c : converters)
    if (graph.nodes()[c].outputs[0] != kept) graph.replace_uses(graph.nodes()[c].outputs[0], kept);
  graph.nodes()[i].outputs[0] = kept;
  std::vector<std::size_t> order = converters;
  std::sort(order.rbegin(), order.rend());
  for (const std::size_t c : order) rewrite::erase(graph, c);
}

bool moves_elements(const Op& op) { return std::visit(MovesElements{}, op); }

}  // namespace fovea
