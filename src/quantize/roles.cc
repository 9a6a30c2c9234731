#include "quantize/roles.h"

namespace fovea {

Role role_of(const Graph& graph, const Node& node) {
  if (std::holds_alternative<Conv2d>(node.op))
    return graph.input_of(node, 1).is_constant() ? Role::kCompute : Role::kFloat;
  if (const auto* gemm = std::get_if<Gemm>(&node.op))
    return graph.input_of(node, 1).is_constant() && !gemm->trans_a ? Role::kCompute : Role::kFloat;
  if (std::holds_alternative<MatMul>(node.op))
    return graph.input_of(node, 1).is_constant() && graph.input_of(node, 1).shape.rank() == 2 ? Role::kCompute
                                                                                              : Role::kFloat;
  if (const auto* pool = std::get_if<Pool>(&node.op))
    return pool->kind == PoolKind::kMax ? Role::kCarry : Role::kCombine;
  if (std::holds_alternative<GlobalPool>(node.op)) return Role::kCombine;
  if (const auto* binary = std::get_if<Binary>(&node.op))
    return binary->kind == BinaryKind::kAdd ? Role::kCombine : Role::kFloat;
  const bool carries = std::holds_alternative<Flatten>(node.op) || std::holds_alternative<Reshape>(node.op) ||
                       std::holds_alternative<Squeeze>(node.op) || std::holds_alternative<Unsqueeze>(node.op) ||
                       std::holds_alternative<Transpose>(node.op) || std::holds_alternative<Concat>(node.op) ||
                       std::holds_alternative<Slice>(node.op) || std::holds_alternative<Split>(node.op) ||
                       std::holds_alternative<Identity>(node.op) || std::holds_alternative<ChannelShuffle>(node.op);
  return carries ? Role::kCarry : Role::kFloat;
}

std::vector<std::size_t> data_inputs(const Graph& graph, const Node& node) {
  if (std::holds_alternative<Conv2d>(node.op))
    return graph.has_input(node, 3) ? std::vector<std::size_t>{0, 3} : std::vector<std::size_t>{0};
  if (std::holds_alternative<Gemm>(node.op) || std::holds_alternative<MatMul>(node.op)) return {0};
  std::vector<std::size_t> all;
  for (std::size_t i = 0; i < node.inputs.size(); ++i)
    if (graph.has_input(node, i) && !graph.input_of(node, i).is_constant()) all.push_back(i);
  return all;
}

}  // namespace fovea
