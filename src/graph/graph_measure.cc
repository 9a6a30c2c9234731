#include "graph/graph.h"

namespace fovea {

std::int64_t macs(const Graph& graph, const Node& node) {
  const auto outputs = [&] { return graph.value(node.outputs.at(0)).shape.elements(); };
  if (std::holds_alternative<Conv2d>(node.op)) {
    const Shape& filter = graph.input_of(node, 1).shape;
    return outputs() * filter[1] * filter[2] * filter[3];
  }
  if (const auto* gemm = std::get_if<Gemm>(&node.op))
    return outputs() * graph.input_of(node, 0).shape[gemm->trans_a ? 0 : 1];
  if (std::holds_alternative<MatMul>(node.op)) return outputs() * graph.input_of(node, 0).shape.dims().back();
  if (const auto* region = std::get_if<Region>(&node.op)) return region->macs * graph.value(node.outputs[0]).shape[0];
  return 0;
}

std::int64_t macs(const Graph& graph) {
  std::int64_t sum = 0;
  for (const Node& node : graph.nodes()) sum += macs(graph, node);
  return sum;
}

std::int64_t parameter_count(const Graph& graph) {
  std::int64_t sum = 0;
  for (const Value& value : graph.values())
    if (value.is_constant()) sum += value.shape.elements();
  return sum;
}

}  // namespace fovea
