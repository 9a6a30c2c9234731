#include "passes/lower_precision.h"

#include <algorithm>

#include "passes/quantized.h"
#include "passes/rewrite.h"

namespace fovea {
namespace {

/// Small vectors that are added or normalise once per channel: their bits cost nothing.
bool stays_wide(const Op& op, std::size_t input) {
  const bool weights = std::holds_alternative<Conv2d>(op) || std::holds_alternative<Gemm>(op);
  const bool normalises = std::holds_alternative<BatchNorm>(op) || std::holds_alternative<LayerNorm>(op);
  return (weights && input == 2) || (normalises && input > 0);
}

bool can_lower(const Graph& graph, const Node& node) {
  if (std::holds_alternative<Identity>(node.op) || std::holds_alternative<Quantize>(node.op) ||
      std::holds_alternative<Dequantize>(node.op) || std::holds_alternative<PixelsToTensor>(node.op) ||
      std::holds_alternative<Cast>(node.op) || node.inputs.empty())
    return false;
  const auto f32 = [&](ValueId id) { return id == kNoValue || is_plain_f32(graph.value(id)); };
  return std::ranges::all_of(node.inputs, f32) && std::ranges::all_of(node.outputs, f32);
}

/// Inputs of node `name` in dtype; identities and rounded constants are made for them.
void lower_inputs(Graph& graph, const std::string& name, DType dtype) {
  std::size_t at = rewrite::node_index(graph, name);
  for (std::size_t k = 0; k < graph.nodes()[at].inputs.size(); ++k) {
    const ValueId id = graph.nodes()[at].inputs[k];
    if (id == kNoValue || stays_wide(graph.nodes()[at].op, k)) continue;
    const std::string wish = graph.value(id).name + "." + std::string(fovea::name(dtype));
    if (graph.value(id).is_constant()) {
      const Tensor rounded = from_f32(graph.value(id).constant, dtype);
      graph.nodes()[at].inputs[k] = rewrite::constant_like(graph, wish, rounded);
    } else {
      const ValueId low = rewrite::insert_identity(graph, at, id, dtype, std::nullopt, wish);
      graph.nodes()[++at].inputs[k] = low;
    }
  }
}

/// The node's outputs become dtype; users go on with f32 made from them.
void lower_outputs(Graph& graph, const std::string& name, DType dtype) {
  const std::size_t at = rewrite::node_index(graph, name);
  const std::vector<ValueId> outputs = graph.nodes()[at].outputs;
  for (const ValueId id : outputs) {
    graph.value(id).dtype = dtype;
    const ValueId wide =
        rewrite::insert_identity(graph, at + 1, id, DType::kF32, std::nullopt, graph.value(id).name + ".f32");
    graph.replace_uses(id, wide);
    graph.nodes()[at + 1].inputs[0] = id;
  }
}

}  // namespace

std::vector<std::string> lower_precision(Graph& graph, const std::set<std::string>& nodes, DType dtype,
                                         const PassContext& context) {
  std::vector<std::string> order, lowered;
  for (const Node& node : graph.nodes())
    if (nodes.contains(node.name) && can_lower(graph, node)) order.push_back(node.name);
  for (const std::string& name : order) {
    Graph trial = graph;
    lower_inputs(trial, name, dtype);
    lower_outputs(trial, name, dtype);
    if (!context.supported(trial, trial.nodes()[rewrite::node_index(trial, name)])) continue;
    graph = std::move(trial);
    lowered.push_back(name);
  }
  graph.compact();
  return lowered;
}

}  // namespace fovea
