#include "passes/fold_quantization.h"

#include <algorithm>

#include "passes/quantized.h"
#include "passes/rewrite.h"

namespace fovea {
namespace {

bool has_weights(const Op& op) { return std::holds_alternative<Conv2d>(op) || std::holds_alternative<Gemm>(op); }

/// Layers that compute between a dequantize and a quantize; without weights they pay only with 8 bits on both sides.
bool computes(const Op& op) {
  return has_weights(op) || std::holds_alternative<Binary>(op) || std::holds_alternative<Unary>(op) ||
         std::holds_alternative<Pool>(op) || std::holds_alternative<GlobalPool>(op) ||
         std::holds_alternative<Concat>(op) || std::holds_alternative<Reduce>(op) ||
         std::holds_alternative<PRelu>(op) || std::holds_alternative<MatMul>(op);
}

/// The inputs as stored; `optional_too`: those that a layer with weights could also read in f32 (its residual).
std::optional<std::vector<ValueId>> stored_inputs(const Graph& graph, const GraphIndex& index, const Node& node,
                                                  bool optional_too) {
  std::vector<ValueId> inputs = node.inputs;
  const bool weights = has_weights(node.op);
  bool any = false;
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    if (inputs[k] == kNoValue || graph.value(inputs[k]).is_constant()) {
      if (weights && k == 1) return std::nullopt;  // weights in f32
      continue;
    }
    const ValueId q = stored_source(graph, index, inputs[k]);
    const bool wanted = weights ? k < 2 || (k > 2 && optional_too) : true;
    const bool fits = q != kNoValue && (weights && k == 1 ? graph.value(q).is_constant() : is_stored8(graph.value(q)));
    if (!wanted) continue;
    if (!fits && weights && k > 2) continue;  // a residual that is f32 anyway
    if (!fits) return std::nullopt;
    inputs[k] = q;
    any = true;
  }
  if (!any) return std::nullopt;
  return inputs;
}

// quantize(f(dequantize(x), dequantize(w) …)) → f(x, w …) on 8-bit types: the integers are what is stored, f computes
// on the real numbers and rounds once
bool fold(Graph& graph, const GraphIndex& index, std::size_t i, const PassContext& context) {
  const Node& node = graph.nodes()[i];
  if (!computes(node.op) || node.outputs.size() != 1 || !is_plain_f32(graph.value(node.outputs[0]))) return false;
  auto converters = only_converted(graph, index, node.outputs[0]);
  if (!converters.empty() && !is_stored8(graph.value(graph.nodes()[converters[0]].outputs[0]))) converters.clear();
  for (const bool output_too : {true, false}) {
    if (output_too ? converters.empty() : !has_weights(node.op)) continue;
    for (const bool residual_too : {true, false}) {
      auto inputs = stored_inputs(graph, index, node, residual_too);
      if (!inputs || *inputs == node.inputs) continue;
      Node folded = node;
      folded.inputs = std::move(*inputs);
      if (output_too) folded.outputs[0] = graph.nodes()[converters[0]].outputs[0];
      if (!context.supported(graph, folded)) continue;
      graph.nodes()[i].inputs = folded.inputs;
      if (output_too) take_over(graph, i, converters);
      return true;
    }
  }
  return false;
}

}  // namespace

bool fold_quantization(Graph& graph, const PassContext& context) {
  return rewrite::everywhere(
      graph, [&](Graph& g, const GraphIndex& index, std::size_t i) { return fold(g, index, i, context); });
}

}  // namespace fovea
