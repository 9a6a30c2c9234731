#include "passes/fuse_residual.h"

#include "passes/rewrite.h"

namespace fovea {
namespace {

/// The convolution with `other` as its residual and the addition's epilogue.
Node fused(const Node& conv, ValueId other, const Node& add) {
  Node merged = conv;
  auto& op = std::get<Conv2d>(merged.op);
  op.residual = true;
  op.act = std::get<Binary>(add.op).act;
  merged.inputs.resize(3, kNoValue);
  merged.inputs.push_back(other);
  merged.outputs = add.outputs;
  return merged;
}

// act(conv(x) + b + r) → conv(x, residual r) with epilogue act; of two convolutions the later one takes it
bool fuse(Graph& graph, const GraphIndex& index, std::size_t i, const PassContext& context) {
  const Node& add = graph.nodes()[i];
  const auto* binary = std::get_if<Binary>(&add.op);
  if (!binary || binary->kind != BinaryKind::kAdd) return false;
  const int makers[2] = {index.producer(add.inputs[0]), index.producer(add.inputs[1])};
  const std::size_t later = makers[1] > makers[0] ? 1 : 0;
  for (const std::size_t side : {later, 1 - later}) {
    const ValueId y = add.inputs[side], other = add.inputs[1 - side];
    if (makers[side] < 0 || rewrite::sole_consumer(index, y) != static_cast<int>(i)) continue;
    const Node& conv = graph.nodes()[static_cast<std::size_t>(makers[side])];
    const auto* op = std::get_if<Conv2d>(&conv.op);
    if (!op || op->act || op->residual || graph.value(other).is_constant()) continue;
    if (graph.value(y).shape != graph.value(other).shape || graph.value(y).dtype != graph.value(other).dtype) continue;
    Node merged = fused(conv, other, add);
    if (!context.supported(graph, merged)) continue;
    rewrite::merge(graph, static_cast<std::size_t>(makers[side]), i, std::move(merged));
    return true;
  }
  return false;
}

}  // namespace

bool fuse_residual(Graph& graph, const PassContext& context) {
  return rewrite::everywhere(
      graph, [&](Graph& g, const GraphIndex& index, std::size_t i) { return fuse(g, index, i, context); });
}

}  // namespace fovea
