#include "passes/recognize_channel_shuffle.h"

#include "passes/rewrite.h"

namespace fovea {
namespace {

bool swaps_second_and_third(const std::vector<std::int64_t>& perm) {
  for (std::size_t i = 0; i < perm.size(); ++i)
    if (perm[i] != static_cast<std::int64_t>(i == 1 ? 2 : i == 2 ? 1 : i)) return false;
  return perm.size() >= 3;
}

// reshape(transpose(reshape(x [n,c,…]) [n,g,c/g,…]) [n,c/g,g,…]) [n,c,…] → channel_shuffle(x, g)
bool replace(Graph& graph, const GraphIndex& index, std::size_t i, const PassContext& context) {
  const Node& last = graph.nodes()[i];
  if (!std::holds_alternative<Reshape>(last.op)) return false;
  const Node* turn = rewrite::producer(graph, index, last.inputs[0]);
  const auto* transpose = turn ? std::get_if<Transpose>(&turn->op) : nullptr;
  const Node* first = transpose ? rewrite::producer(graph, index, turn->inputs[0]) : nullptr;
  if (!first || !std::holds_alternative<Reshape>(first->op) || !swaps_second_and_third(transpose->perm)) return false;
  const Shape &x = graph.value(first->inputs[0]).shape, &rows = graph.value(turn->inputs[0]).shape;
  if (graph.value(last.outputs[0]).shape != x || x.rank() < 2 || rows[0] != x[0] || rows[1] * rows[2] != x[1])
    return false;
  Node made = last;
  made.op = ChannelShuffle{static_cast<int>(rows[1])};
  made.inputs = {first->inputs[0]};
  if (!context.supported(graph, made)) return false;
  graph.nodes()[i] = std::move(made);
  return true;
}

}  // namespace

bool recognize_channel_shuffle(Graph& graph, const PassContext& context) {
  return rewrite::everywhere(
      graph, [&](Graph& g, const GraphIndex& index, std::size_t i) { return replace(g, index, i, context); });
}

}  // namespace fovea
