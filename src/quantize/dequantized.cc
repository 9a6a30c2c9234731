#include "quantize/dequantized.h"

#include <algorithm>

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

}  // namespace

Graph dequantized(const Graph& graph) {
  Graph real = graph;
  for (std::size_t n = 0; n < real.nodes().size(); ++n) {
    const Node node = real.nodes()[n];
    const bool quantizes = std::holds_alternative<Quantize>(node.op);
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
