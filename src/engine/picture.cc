#include "engine/picture.h"

#include <fmt/format.h>

#include <array>

#include "engine/describe.h"

namespace fovea {
namespace {

/// `place` gives what stands behind a value's type and shape.
template <typename Place>
GraphPicture draw(const Graph& graph, const Place& place) {
  GraphPicture picture;
  const GraphIndex index(graph);
  for (std::size_t n = 0; n < graph.nodes().size(); ++n) {
    const Node& node = graph.nodes()[n];
    const Value& output = graph.value(node.outputs.front());
    picture.boxes.push_back({.name = node.name,
                             .op = display_name(node.op),
                             .detail = {},
                             .shape = output.shape.str(),
                             .precision = precision_name(output.dtype)});
    for (const ValueId input : node.inputs) {
      if (input == kNoValue || index.producer(input) < 0) continue;
      const Value& value = graph.value(input);
      picture.arrows.push_back({index.producer(input), static_cast<int>(n),
                                fmt::format("{} {}{}", name(value.dtype), value.shape.str(), place(input))});
    }
  }
  return picture;
}

}  // namespace

GraphPicture picture_of(const Graph& graph) {
  return draw(graph, [](ValueId) { return std::string(); });
}

GraphPicture picture_of(const Plan& plan) {
  GraphPicture picture = draw(plan.graph, [&](ValueId id) {
    return fmt::format(" {}", name(plan.values[static_cast<std::size_t>(id)].layout));
  });
  for (GraphPicture::Box& box : picture.boxes) {
    box.detail = "view";
    box.idle = true;
  }
  for (const PlanStep& step : plan.steps) {
    GraphPicture::Box& box = picture.boxes[static_cast<std::size_t>(step.node)];
    const StepDescription about = describe(plan, step);
    box.detail = about.config.empty() ? about.tactic : about.tactic + " " + about.config;
    box.precision = about.precision;
    box.idle = false;
  }
  return picture;
}

std::string color_of_precision(const std::string& precision) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kColors = {
      {{"fp32", "#dbe9f6"}, {"fp16", "#fbe3d6"}, {"bf16", "#fdebc8"}, {"int8", "#d5efd9"}, {"fp8", "#e6dcf5"}}};
  for (const auto& [name, color] : kColors)
    if (name == precision) return std::string(color);
  return "#eeeeee";
}

}  // namespace fovea
