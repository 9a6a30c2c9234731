#include "passes/batch_norm_to_conv.h"

#include "passes/affine.h"
#include "passes/rewrite.h"

namespace fovea {
namespace {

// bn(x) → depthwise 1×1 convolution of x by g plus t (then epilogues fuse and 8 bits apply)
bool replace(Graph& graph, std::size_t i, const PassContext& context) {
  const Node& node = graph.nodes()[i];
  if (!std::holds_alternative<BatchNorm>(node.op) || graph.input_of(node, 0).shape.rank() != 4) return false;
  const auto found = affine_of(graph, node);
  if (!found) return false;
  const auto channels = static_cast<std::int64_t>(found->affine.scale.size());
  Conv2d conv;
  conv.groups = static_cast<int>(channels);
  const std::string name = node.name;
  const ValueId w =
      rewrite::constant_like(graph, name + ".scale", Tensor::of<float>({channels, 1, 1, 1}, found->affine.scale));
  const ValueId b = rewrite::constant_like(graph, name + ".shift", Tensor::of<float>({channels}, found->affine.shift));
  const Node& now = graph.nodes()[i];
  Node made{name, conv, {now.inputs[0], w, b}, now.outputs};
  if (!context.supported(graph, made)) return false;
  graph.nodes()[i] = std::move(made);
  return true;
}

}  // namespace

bool batch_norm_to_conv(Graph& graph, const PassContext& context) {
  return rewrite::everywhere(graph, [&](Graph& g, const GraphIndex&, std::size_t i) { return replace(g, i, context); });
}

}  // namespace fovea
