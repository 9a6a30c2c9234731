#include "passes/rewrite.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace fovea::rewrite {

const Node* producer(const Graph& graph, const GraphIndex& index, ValueId id) {
  if (id == kNoValue || index.producer(id) < 0) return nullptr;
  return &graph.nodes()[static_cast<std::size_t>(index.producer(id))];
}

int sole_consumer(const GraphIndex& index, ValueId id) {
  return index.use_count(id) == 1 && index.consumers(id).size() == 1 ? index.consumers(id)[0] : -1;
}

bool is_output(const Graph& graph, ValueId id) {
  return std::find(graph.outputs().begin(), graph.outputs().end(), id) != graph.outputs().end();
}

const Tensor* float_constant(const Graph& graph, const Node& node, std::size_t i) {
  if (!graph.has_input(node, i)) return nullptr;
  const Value& value = graph.input_of(node, i);
  return !value.constant.empty() && value.dtype == DType::kF32 ? &value.constant : nullptr;
}

std::optional<float> scalar(const Graph& graph, ValueId id) {
  if (id == kNoValue) return std::nullopt;
  const Value& value = graph.value(id);
  if (value.constant.empty() || value.dtype != DType::kF32 || value.constant.elements() != 1) return std::nullopt;
  return value.constant.data<float>()[0];
}

bool close(float a, float b) { return std::fabs(a - b) <= 1e-4F * std::max(std::fabs(a), std::fabs(b)); }

void merge(Graph& graph, std::size_t producer, std::size_t consumer, Node merged) {
  merged.outputs = graph.nodes()[consumer].outputs;
  graph.nodes()[consumer] = std::move(merged);
  erase(graph, producer);
}

void erase(Graph& graph, std::size_t node) {
  graph.nodes().erase(graph.nodes().begin() + static_cast<std::ptrdiff_t>(node));
}

ValueId constant_like(Graph& graph, const std::string& name, Tensor tensor) {
  return graph.add_constant(graph.unique_value_name(name), std::move(tensor));
}

ValueId insert_identity(Graph& graph, std::size_t before, ValueId input, DType dtype,
                        const std::optional<Quantization>& quant, const std::string& name) {
  const ValueId made = graph.insert_node(before, Identity{}, {input}, graph.unique_node_name(name));
  graph.value(made).dtype = dtype;
  graph.value(made).quant = quant;
  return made;
}

std::size_t node_index(const Graph& graph, const std::string& name) {
  const auto& nodes = graph.nodes();
  const auto at = std::find_if(nodes.begin(), nodes.end(), [&](const Node& node) { return node.name == name; });
  require(at != nodes.end(), ErrorKind::kInternal, "[passes] node {} is gone", name);
  return static_cast<std::size_t>(at - nodes.begin());
}

}  // namespace fovea::rewrite
