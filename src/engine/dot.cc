#include "engine/dot.h"

#include <fmt/format.h>

#include <array>
#include <map>

#include "engine/describe.h"

namespace fovea {
namespace {

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c == '\n' ? std::string("\\n") : std::string(1, c);
  }
  return out;
}

std::string_view color_of(std::string_view precision) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kColors = {
      {{"fp32", "#dbe9f6"}, {"bf16", "#fdebc8"}, {"int8", "#d5efd9"}}};
  for (const auto& [name, color] : kColors)
    if (name == precision) return color;
  return "#eeeeee";
}

DType type_of(const Graph& graph, const Node& node) { return graph.value(node.outputs.front()).dtype; }

/// `label` gives a node's further lines, `edge` what stands behind a value's type and shape; nodes for which `dashed`
/// holds do no work.
template <typename Label, typename Edge, typename Dashed>
std::string draw(const Graph& graph, const Label& label, const Edge& edge, const Dashed& dashed) {
  std::string text = "digraph fovea {\n  node [shape=box, style=\"rounded,filled\", fontname=Helvetica];\n";
  const GraphIndex index(graph);
  for (std::size_t n = 0; n < graph.nodes().size(); ++n) {
    const Node& node = graph.nodes()[n];
    text += fmt::format("  n{} [label=\"{}\\n{}{}\", fillcolor=\"{}\"{}];\n", n, escaped(node.name),
                        escaped(display_name(node.op)), escaped(label(n)),
                        color_of(precision_name(type_of(graph, node))), dashed(n) ? ", style=\"rounded,dashed\"" : "");
    for (const ValueId input : node.inputs) {
      if (input == kNoValue || index.producer(input) < 0) continue;
      const Value& value = graph.value(input);
      text += fmt::format("  n{} -> n{} [label=\"{} {}{}\"];\n", index.producer(input), n, name(value.dtype),
                          value.shape.str(), edge(input));
    }
  }
  return text + "}\n";
}

}  // namespace

std::string dot_of(const Graph& graph) {
  return draw(
      graph, [](std::size_t) { return std::string(); }, [](ValueId) { return std::string(); },
      [](std::size_t) { return false; });
}

std::string dot_of(const Plan& plan) {
  std::map<std::size_t, const PlanStep*> steps;
  for (const PlanStep& step : plan.steps) steps[static_cast<std::size_t>(step.node)] = &step;
  const auto label = [&](std::size_t n) {
    const auto found = steps.find(n);
    if (found == steps.end()) return std::string("\nview");
    const std::string config = found->second->config.str();
    return "\n" + found->second->tactic + (config.empty() ? "" : " " + config);
  };
  const auto edge = [&](ValueId id) {
    return fmt::format(" {}", name(plan.values[static_cast<std::size_t>(id)].layout));
  };
  return draw(plan.graph, label, edge, [&](std::size_t n) { return !steps.contains(n); });
}

}  // namespace fovea
