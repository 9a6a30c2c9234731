#include "compiler/structure.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/io/file.h"
#include "base/io/hash.h"
#include "graph/text.h"

namespace fovea {
namespace {

constexpr std::size_t kHashDigits = 12;

std::string value_text(const Graph& graph, const GraphIndex& index, ValueId id) {
  if (id == kNoValue) return "none";
  const Value& value = graph.value(id);
  const int producer = index.producer(id);
  std::string from = value.is_constant() ? "constant" : "input";
  if (producer >= 0) {
    const Node& node = graph.nodes()[static_cast<std::size_t>(producer)];
    from = fmt::format("{}.{}", node.name, std::ranges::find(node.outputs, id) - node.outputs.begin());
  }
  return fmt::format("{}:{}:{}", from, name(value.dtype), value.shape.str());
}

std::string node_text(const Graph& graph, const GraphIndex& index, const Node& node) {
  std::string text = fmt::format("{} {}", name(node.op), print_attributes(node.op));
  for (const ValueId id : node.inputs) text += " " + value_text(graph, index, id);
  for (const ValueId id : node.outputs) text += fmt::format(" -> {}", graph.value(id).shape.str());
  return text;
}

}  // namespace

Structure structure_of(const Graph& graph) {
  const GraphIndex index(graph);
  Structure structure;
  for (const Node& node : graph.nodes())
    structure[node.name] = content_hash(as_bytes(node_text(graph, index, node))).substr(0, kHashDigits);
  return structure;
}

std::string structural_difference(const Structure& known, const Graph& graph) {
  const Structure here = structure_of(graph);
  const GraphIndex index(graph);
  for (const Node& node : graph.nodes()) {
    const auto there = known.find(node.name);
    if (there == known.end()) return fmt::format("node {} is not in the engine's model", node.name);
    if (there->second != here.at(node.name))
      return fmt::format("node {} differs; here it is {}", node.name, node_text(graph, index, node));
  }
  for (const auto& [node, hash] : known)
    if (!here.contains(node)) return fmt::format("node {} of the engine's model is missing", node);
  return "";
}

}  // namespace fovea
