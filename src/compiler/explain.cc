#include "compiler/explain.h"

#include "base/error.h"
#include "graph/text.h"
#include "passes/join_siblings.h"

namespace fovea {
namespace {

std::string operand_text(const OperandView& operand) {
  if (!operand.present) return "none";
  std::string text = fmt::format("{} {} {}", name(operand.dtype), operand.shape.str(), name(operand.layout));
  if (operand.constant) text += " constant";
  if (operand.quant && operand.quant->scale.size() == 1) text += fmt::format(" @{:.6g}", operand.quant->scale.front());
  return text;
}

/// "a+b+c" is named "a+b+c", and "a", "b" and "c": a node that stands for several.
bool is_named(const Node& node, const std::string& wanted) {
  if (node.name == wanted) return true;
  const std::string name = kJoined + node.name + kJoined;
  return !wanted.empty() && name.find(kJoined + wanted + kJoined) != std::string::npos;
}

/// What runs: an op and its attributes, or a region's nodes.
std::string op_text(const Op& op) {
  const auto* region = std::get_if<Region>(&op);
  if (region == nullptr || region->body.text.empty())
    return fmt::format("{} {}\n", display_name(op), print_attributes(op));
  std::string text = "one step for\n";
  const Graph body = parse_graph(region->body.text);
  for (const Node& node : body.nodes())
    text += fmt::format("  {} {}\n", display_name(node.op), print_attributes(node.op));
  return text;
}

[[noreturn]] void no_such_node(const Plan& plan, const std::string& node) {
  std::string some;
  for (std::size_t i = 0; i < plan.steps.size() && i < 5; ++i)
    some += (i > 0 ? ", " : "") + plan.graph.nodes()[static_cast<std::size_t>(plan.steps[i].node)].name;
  fail(ErrorKind::kNotFound, "the engine has no node \"{}\"; it has {}, …", node, some);
}

}  // namespace

std::string explain(const Plan& plan, const std::string& node, const Backend& backend, const DeviceInfo& device) {
  const PlanStep* found = nullptr;
  for (const PlanStep& step : plan.steps)
    if (is_named(plan.graph.nodes()[static_cast<std::size_t>(step.node)], node)) found = &step;
  if (found == nullptr) no_such_node(plan, node);
  const NodeView view = step_view(plan, *found);
  std::string text = fmt::format("{}: {}", view.name, op_text(view.op));
  for (const OperandView& input : view.inputs) text += fmt::format("  in  {}\n", operand_text(input));
  for (const OperandView& output : view.outputs) text += fmt::format("  out {}\n", operand_text(output));
  for (const Tactic& tactic : backend.tactics()) {
    const Support support = tactic.supports(view, device);
    const bool chosen = tactic.name == found->tactic;
    text += fmt::format(
        "{} {:<28} {}\n", chosen ? "→" : " ", tactic.name,
        chosen ? fmt::format("chosen, {}", found->config.str().empty() ? "no configuration" : found->config.str())
               : (support ? "could run it; another was cheaper" : support.reason));
  }
  return text;
}

}  // namespace fovea
