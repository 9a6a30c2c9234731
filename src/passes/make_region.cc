#include "passes/make_region.h"

#include <algorithm>
#include <map>

#include "graph/text.h"
#include "passes/join_siblings.h"
#include "passes/rewrite.h"

namespace fovea {
namespace {

using Names = std::vector<std::string>;

/// The one node that reads what `node` makes, if its op is of this type.
template <typename Type>
const Node* only_reader(const Graph& graph, const GraphIndex& index, const Node& node) {
  const int reader = rewrite::sole_consumer(index, node.outputs[0]);
  if (reader < 0) return nullptr;
  const Node& found = graph.nodes()[static_cast<std::size_t>(reader)];
  return std::holds_alternative<Type>(found.op) && found.inputs[0] == node.outputs[0] ? &found : nullptr;
}

// pixels → convolution [→ max pooling]
Names front_at(const Graph& graph, const GraphIndex& index, const Node& node) {
  if (!std::holds_alternative<PixelsToTensor>(node.op)) return {};
  const Node* conv = only_reader<Conv2d>(graph, index, node);
  if (conv == nullptr) return {};
  const Node* pool = only_reader<Pool>(graph, index, *conv);
  if (pool != nullptr && std::get<Pool>(pool->op).kind == PoolKind::kMax) return {node.name, conv->name, pool->name};
  return {node.name, conv->name};
}

const Node* convolution_of(const Graph& graph, const GraphIndex& index, ValueId id, int side, bool residual) {
  const Node* made = rewrite::producer(graph, index, id);
  const auto* conv = made == nullptr ? nullptr : std::get_if<Conv2d>(&made->op);
  if (conv == nullptr || conv->residual != residual || conv->groups != 1) return nullptr;
  const Shape& w = graph.input_of(*made, 1).shape;
  return w[2] == side && w[3] == side && graph.input_of(*made, 1).is_constant() ? made : nullptr;
}

// a = 1 × 1 of 3 × 3 of 1 × 1 of x → a + x, or 1 × 1 of x + a; asked at the one that adds
Names bottleneck_at(const Graph& graph, const GraphIndex& index, const Node& node) {
  if (convolution_of(graph, index, node.outputs[0], 1, true) == nullptr) return {};
  const auto inside = [&](ValueId id, int side) {
    const Node* made = convolution_of(graph, index, id, side, false);
    return made != nullptr && rewrite::sole_consumer(index, id) >= 0 ? made : nullptr;
  };
  const Node* projected = inside(node.inputs[3], 1);  // what is added to a projection of x
  const Node* last = projected != nullptr ? projected : &node;
  const Node* window = inside(last->inputs[0], 3);
  const Node* first = window == nullptr ? nullptr : inside(window->inputs[0], 1);
  if (first == nullptr || first->inputs[0] != (projected != nullptr ? node.inputs[0] : node.inputs[3])) return {};
  if (projected == nullptr) return {first->name, window->name, node.name};
  return {first->name, window->name, last->name, node.name};
}

constexpr std::array kPatterns = {front_at, bottleneck_at};

/// The chain as a graph of its own, with names that say nothing: equal chains have equal bodies.
struct Extracted {
  Graph body;
  std::vector<ValueId> inputs;  ///< of the chain, in the graph that it comes from
};

Extracted extract(const Graph& graph, const std::vector<const Node*>& chain) {
  Extracted made;
  std::map<ValueId, ValueId> known = {{kNoValue, kNoValue}};
  std::map<ValueId, bool> inside;
  for (const Node* node : chain) inside[node->outputs[0]] = true;
  const auto next_name = [&] { return "v" + std::to_string(made.body.values().size()); };
  for (const Node* node : chain)
    for (const ValueId id : node->inputs) {
      if (known.contains(id) || inside.contains(id)) continue;
      const Value& value = graph.value(id);
      const bool real = value.quant || is_float(value.dtype);
      known[id] = made.body.add_input(next_name(), real ? DType::kF32 : value.dtype, value.shape);
      made.inputs.push_back(id);
    }
  for (const Node* node : chain) {
    std::vector<ValueId> inputs;
    for (const ValueId id : node->inputs) inputs.push_back(known.at(id));
    const std::string name = next_name();
    const ValueId y = made.body.add_node(node->op, std::move(inputs), name, {name});
    known[node->outputs[0]] = y;
    if (node == chain.back()) continue;  // its type is the region's
    made.body.value(y).dtype = graph.value(node->outputs[0]).dtype;
    made.body.value(y).quant = graph.value(node->outputs[0]).quant;
  }
  made.body.set_outputs({known.at(chain.back()->outputs[0])});
  return made;
}

}  // namespace

std::vector<Names> region_candidates(const Graph& graph) {
  const GraphIndex index(graph);
  std::vector<Names> found;
  for (const Node& node : graph.nodes())
    for (const auto& pattern : kPatterns)
      if (Names names = pattern(graph, index, node); !names.empty()) found.push_back(std::move(names));
  return found;
}

// y = c(b(a(x))) → y = region(x)
void make_region(Graph& graph, const Names& names) {
  std::vector<const Node*> chain;
  std::string name;
  for (const std::string& part : names) {
    chain.push_back(graph.find_node(part));
    name += (name.empty() ? "" : std::string(1, kJoined)) + part;
  }
  Extracted made = extract(graph, chain);
  Region op;
  op.macs = macs(made.body) / made.body.batch();
  op.body.text = print(made.body);
  const ValueId y = chain.back()->outputs[0];
  const Value type = graph.value(y);
  const std::size_t at = rewrite::node_index(graph, names.back());
  graph.insert_node(at, std::move(op), std::move(made.inputs), graph.unique_node_name(name));
  graph.nodes()[at].outputs = {y};
  for (const std::string& part : names) rewrite::erase(graph, rewrite::node_index(graph, part));
  graph.compact();
}

}  // namespace fovea
