#include "quantize/dequantized.h"

#include <optional>

#include "base/error.h"
#include "graph/reference.h"

namespace fovea {
namespace {

/// The values of a dequantize node whose inputs are all constants; empty otherwise.
Tensor constant_value(const Graph& graph, const Node& node) {
  std::vector<Tensor> inputs;
  for (const ValueId id : node.inputs) {
    if (id != kNoValue && !graph.value(id).is_constant()) return {};
    inputs.push_back(id == kNoValue ? Tensor() : graph.value(id).constant);
  }
  return run_reference(graph, node, inputs).front();
}

bool may_be_negative(const Op& op) {
  return std::holds_alternative<Conv2d>(op) || std::holds_alternative<Gemm>(op) || std::holds_alternative<MatMul>(op) ||
         std::holds_alternative<Binary>(op) || std::holds_alternative<BatchNorm>(op);
}

/// The activation that a quantize node does by the way: quantisers leave out a relu or clip in front of one whose
/// lowest number means 0, as numbers below saturate there.
std::optional<Activation> saturation(const Graph& graph, const GraphIndex& index, const Node& node) {
  const int producer = index.producer(node.inputs[0]);
  if (producer < 0 || !may_be_negative(graph.nodes()[static_cast<std::size_t>(producer)].op)) return std::nullopt;
  const Tensor& scale = graph.input_of(node, 1).constant;
  const DType dtype = graph.value(node.outputs[0]).dtype;
  if (scale.empty() || scale.elements() != 1 || (dtype != DType::kU8 && dtype != DType::kS8)) return std::nullopt;
  const int lowest = dtype == DType::kU8 ? 0 : -128;
  const Tensor zero = graph.has_input(node, 2) ? to_f32(graph.input_of(node, 2).constant) : Tensor();
  const int point = zero.empty() ? 0 : static_cast<int>(zero.data<float>()[0]);
  if (point != lowest) return std::nullopt;
  return Activation{Function::kClip, 0, 255 * scale.data<float>()[0]};
}

}  // namespace

Graph dequantized(const Graph& graph) {
  Graph real = graph;
  const GraphIndex index(graph);
  for (std::size_t n = 0; n < real.nodes().size(); ++n) {
    const Node node = real.nodes()[n];
    const bool quantizes = std::holds_alternative<Quantize>(node.op);
    if (const auto clip = quantizes ? saturation(graph, index, *graph.find_node(node.name)) : std::nullopt) {
      const ValueId clipped = real.insert_node(n++, Unary{*clip}, {node.inputs[0]}, node.name + "/saturate");
      real.replace_uses(node.outputs[0], clipped);
      continue;
    }
    if (!quantizes && !std::holds_alternative<Dequantize>(node.op)) continue;
    if (const Tensor folded = quantizes ? Tensor() : constant_value(real, node); !folded.empty()) {
      const ValueId constant = real.add_constant(real.value(node.outputs[0]).name + "/real", folded);
      real.replace_uses(node.outputs[0], constant);
    } else {
      real.replace_uses(node.outputs[0], node.inputs[0]);
    }
  }
  real.compact();
  return real;
}

}  // namespace fovea
