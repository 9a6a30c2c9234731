#include "passes/join_siblings.h"

#include <algorithm>
#include <cstring>

#include "passes/rewrite.h"

namespace fovea {
namespace {

constexpr std::int64_t kBlock = 16;  ///< parts of whole blocks of channels need no copy

const Value* input_value(const Graph& graph, const Node& node, std::size_t i) {
  return graph.has_input(node, i) ? &graph.input_of(node, i) : nullptr;
}

bool is_point_convolution(const Graph& graph, const Node& node) {
  const auto* conv = std::get_if<Conv2d>(&node.op);
  if (!conv || conv->groups != 1 || conv->residual || rewrite::is_output(graph, node.outputs[0])) return false;
  const Value &x = graph.input_of(node, 0), &w = graph.input_of(node, 1);
  const Value* bias = input_value(graph, node, 2);
  return !x.is_constant() && !w.constant.empty() && w.shape[2] == 1 && w.shape[3] == 1 &&
         (!bias || !bias->constant.empty());
}

/// Constants that can stand one behind the other: all there or none, of one type, with scales for the whole or for each
/// index of the first axis.
bool join_well(const Value* a, const Value* b) {
  if (!a || !b) return a == b;
  const auto fits = [](const Value& v) { return !v.quant || v.quant->scale.size() == 1 || v.quant->axis == 0; };
  return a->dtype == b->dtype && a->quant.has_value() == b->quant.has_value() && fits(*a) && fits(*b);
}

bool are_siblings(const Graph& graph, const Node& a, const Node& b) {
  const Value &y = graph.value(a.outputs[0]), &z = graph.value(b.outputs[0]);
  return a.op == b.op && a.inputs[0] == b.inputs[0] && y.dtype == z.dtype && y.quant == z.quant &&
         join_well(input_value(graph, a, 1), input_value(graph, b, 1)) &&
         join_well(input_value(graph, a, 2), input_value(graph, b, 2));
}

void append_scales(Quantization& to, const Value& part) {
  const auto count = static_cast<std::size_t>(part.shape[0]);
  const bool one = part.quant->scale.size() == 1;
  for (std::size_t i = 0; i < count; ++i) {
    to.scale.push_back(part.quant->scale[one ? 0 : i]);
    to.zero_point.push_back(part.quant->zero_point.empty() ? 0 : part.quant->zero_point[one ? 0 : i]);
  }
}

ValueId joined_constant(Graph& graph, const std::vector<ValueId>& parts) {
  Shape shape = graph.value(parts[0]).shape;
  shape[0] = 0;
  std::string name;
  for (const ValueId id : parts) {
    shape[0] += graph.value(id).shape[0];
    name += (name.empty() ? "" : std::string(1, kJoined)) + graph.value(id).name;
  }
  Tensor tensor(graph.value(parts[0]).dtype, shape);
  std::byte* to = tensor.bytes().data();
  std::optional<Quantization> quant;
  if (graph.value(parts[0]).quant) quant = Quantization{{}, {}, 0};
  for (const ValueId id : parts) {
    const Value& part = graph.value(id);
    std::memcpy(to, part.constant.bytes().data(), part.constant.byte_size());
    to += part.constant.byte_size();
    if (quant) append_scales(*quant, part);
  }
  const ValueId made = rewrite::constant_like(graph, name, std::move(tensor));
  graph.value(made).quant = std::move(quant);
  return made;
}

std::vector<ValueId> inputs_at(const std::vector<Node>& nodes, std::size_t i) {
  std::vector<ValueId> ids;
  for (const Node& node : nodes) ids.push_back(node.inputs[i]);
  return ids;
}

}  // namespace

std::vector<std::vector<std::string>> sibling_convolutions(const Graph& graph) {
  std::vector<std::vector<const Node*>> groups;
  for (const Node& node : graph.nodes()) {
    if (!is_point_convolution(graph, node)) continue;
    const auto group = std::ranges::find_if(groups, [&](const auto& g) { return are_siblings(graph, *g[0], node); });
    if (group == groups.end())
      groups.push_back({&node});
    else
      group->push_back(&node);
  }
  std::vector<std::vector<std::string>> names;
  const auto fills_blocks = [&](const Node* node) { return graph.value(node->outputs[0]).shape[1] % kBlock == 0; };
  for (const std::vector<const Node*>& group : groups) {
    if (group.size() < 2) continue;
    std::vector<std::string>& list = names.emplace_back();
    for (const bool wanted : {true, false})
      for (const Node* node : group)
        if (fills_blocks(node) == wanted) list.push_back(node->name);
  }
  return names;
}

// a = conv(x, v), b = conv(x, w) → ab = conv(x, vw), a = slice(ab), b = slice(ab)
void join_convolutions(Graph& graph, const std::vector<std::string>& names) {
  std::vector<Node> parts;
  std::size_t first = graph.nodes().size();
  std::string name;
  for (const std::string& part : names) {
    const std::size_t at = rewrite::node_index(graph, part);
    first = std::min(first, at);
    parts.push_back(graph.nodes()[at]);
    name += (name.empty() ? "" : std::string(1, kJoined)) + part;
  }
  const Value type = graph.value(parts[0].outputs[0]);
  std::vector<ValueId> inputs = {parts[0].inputs[0], joined_constant(graph, inputs_at(parts, 1))};
  if (graph.has_input(parts[0], 2)) inputs.push_back(joined_constant(graph, inputs_at(parts, 2)));
  const ValueId whole = graph.insert_node(first, parts[0].op, inputs, graph.unique_node_name(name));
  graph.value(whole).dtype = type.dtype;
  graph.value(whole).quant = type.quant;
  std::int64_t begin = 0;
  for (const Node& part : parts) {
    const std::int64_t end = begin + graph.value(part.outputs[0]).shape[1];
    rewrite::erase(graph, rewrite::node_index(graph, part.name));
    graph.insert_node(++first, Slice{{1}, {begin}, {end}, {1}}, {whole}, part.name);
    graph.nodes()[first].outputs = part.outputs;
    begin = end;
  }
  graph.compact();
}

bool join_siblings(Graph& graph, const PassContext&) {
  const auto groups = sibling_convolutions(graph);
  for (const auto& group : groups) join_convolutions(graph, group);
  return !groups.empty();
}

}  // namespace fovea
