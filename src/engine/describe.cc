#include "engine/describe.h"

#include <array>
#include <utility>

namespace fovea {

std::string precision_name(DType dtype) {
  constexpr std::array<std::pair<DType, std::string_view>, 7> kNames = {{{DType::kF32, "fp32"},
                                                                         {DType::kF16, "fp16"},
                                                                         {DType::kBF16, "bf16"},
                                                                         {DType::kF64, "fp64"},
                                                                         {DType::kS8, "int8"},
                                                                         {DType::kU8, "int8"},
                                                                         {DType::kF8, "fp8"}}};
  for (const auto& [type, text] : kNames)
    if (type == dtype) return std::string(text);
  return std::string(name(dtype));
}

std::string node_precision(const Graph& graph, const Node& node) {
  const Value& value = graph.value(node.inputs.at(0));
  if (value.dtype == DType::kF32 && takes_tf32(node.op)) return "tf32";
  return is_8bit(value.dtype) && !value.quant ? std::string(name(value.dtype)) : precision_name(value.dtype);
}

StepDescription describe(const Plan& plan, const PlanStep& step) {
  const Node& node = plan.graph.nodes().at(static_cast<std::size_t>(step.node));
  const Value& output = plan.graph.value(node.outputs.at(0));
  const bool weighted = node.inputs.size() > 1 && node.inputs[1] != kNoValue &&
                        plan.graph.value(node.inputs[1]).is_constant() && macs(plan.graph, node) > 0;
  const DType dtype = weighted ? plan.graph.value(node.inputs[1]).dtype : output.dtype;
  const std::string precision = takes_tf32(node.op) && dtype == DType::kF32 ? "tf32" : precision_name(dtype);
  return {node.name, display_name(node.op), precision, step.tactic, step.config.str(), output.shape};
}

}  // namespace fovea
