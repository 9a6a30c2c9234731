#include <algorithm>

#include "base/io/hash.h"
#include "graph/text.h"
#include "graph/text_elements.h"
#include "graph/text_numbers.h"
#include "graph/text_words.h"

namespace fovea {
namespace {

std::string quoted(std::string_view name) {
  std::string text = "\"";
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\')
      text += {'\\', c};
    else if (byte < 0x20 || byte == 0x7f)
      text += fmt::format("\\x{:02x}", byte);
    else
      text += c;
  }
  text += '"';
  return text;
}

std::string name_text(std::string_view name) {
  const bool bare =
      !name.empty() && std::ranges::all_of(name, is_bare) && std::ranges::find(kReserved, name) == kReserved.end();
  return bare ? std::string(name) : quoted(name);
}

std::string quantization_text(const Quantization& quant) {
  const auto entry = [&](std::size_t i) {
    const std::int32_t zero = i < quant.zero_point.size() ? quant.zero_point[i] : 0;
    return zero == 0 ? number_text(quant.scale[i]) : fmt::format("{}:{}", quant.scale[i], zero);
  };
  if (quant.axis < 0) return fmt::format(" @{}", entry(0));
  std::string text = fmt::format(" @axis{}[", quant.axis);
  for (std::size_t i = 0; i < quant.scale.size(); ++i) text.append(i == 0 ? "" : ",").append(entry(i));
  return text + ']';
}

std::string declaration(const Value& value) {
  return fmt::format("{}: {} {}{}", name_text(value.name), name(value.dtype), value.shape.str(),
                     value.quant && !value.quant->scale.empty() ? quantization_text(*value.quant) : "");
}

std::string contents(const Value& value, const TextOptions& options) {
  if (value.constant.empty()) return fmt::format("#{}", value.constant_hash);
  if (value.constant.elements() > options.inline_elements)
    return fmt::format("#{}", content_hash(value.constant.bytes()));
  return fmt::format("{{{}}}", elements_text(value.constant));
}

std::string name_list(const Graph& graph, const std::vector<ValueId>& ids) {
  std::string text;
  for (const ValueId id : ids)
    text.append(text.empty() ? "" : ", ").append(id == kNoValue ? "_" : name_text(graph.value(id).name));
  return text;
}

std::string node_line(const Graph& graph, const Node& node) {
  std::string line;
  for (const ValueId id : node.outputs) line.append(line.empty() ? "" : ", ").append(declaration(graph.value(id)));
  line += fmt::format(" = {}({})", name(node.op), name_list(graph, node.inputs));
  if (node.outputs.empty() || node.name != graph.value(node.outputs[0]).name)
    line += fmt::format(" name={}", quoted(node.name));
  const std::string attributes = print_attributes(node.op);
  return attributes.empty() ? line : line + ' ' + attributes;
}

}  // namespace

std::string print(const Graph& graph, const TextOptions& options) {
  std::string text;
  for (const ValueId id : graph.inputs()) text += fmt::format("input {}\n", declaration(graph.value(id)));
  for (const Value& value : graph.values())
    if (value.is_constant()) text += fmt::format("const {} {}\n", declaration(value), contents(value, options));
  for (const Node& node : graph.nodes()) text += node_line(graph, node) + '\n';
  return text + fmt::format("return {}\n", name_list(graph, graph.outputs()));
}

}  // namespace fovea
