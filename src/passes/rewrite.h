#pragma once

#include <optional>

#include "graph/graph.h"
#include "passes/pass.h"

namespace fovea::rewrite {

/// Tries `rule(graph, index, i)` at every node in order. A rule that answers true has changed the graph (nodes erased,
/// inserted or replaced); the index is then made anew and the same place tried again, so a rule must lead to an end.
template <typename Rule>
bool everywhere(Graph& graph, const Rule& rule) {
  bool changed = false;
  GraphIndex index(graph);
  for (std::size_t i = 0; i < graph.nodes().size();) {
    if (!rule(graph, index, i)) {
      ++i;
      continue;
    }
    changed = true;
    index = GraphIndex(graph);
  }
  if (changed) graph.compact();
  return changed;
}

/// The node that makes a value, null for inputs and constants.
const Node* producer(const Graph& graph, const GraphIndex& index, ValueId id);
/// Index of the one node that uses a value once; −1 where there are more uses, or the graph's output.
int sole_consumer(const GraphIndex& index, ValueId id);
bool is_output(const Graph& graph, ValueId id);

/// Null unless input i is there and constant, and of dtype f32.
const Tensor* float_constant(const Graph& graph, const Node& node, std::size_t i);
/// The number where a value is a constant of one float element.
std::optional<float> scalar(const Graph& graph, ValueId id);
bool close(float a, float b);  ///< equal up to what exporters round away (1e-4 relative)

/// `merged` takes the place and the outputs of node `consumer`, and node `producer` goes: right for any two nodes whose
/// only link is a value with one use.
void merge(Graph& graph, std::size_t producer, std::size_t consumer, Node merged);
void erase(Graph& graph, std::size_t node);

/// A constant named after an existing value.
ValueId constant_like(Graph& graph, const std::string& name, Tensor tensor);
/// Like graph.insert_node, with the outputs' type set.
ValueId insert_identity(Graph& graph, std::size_t before, ValueId input, DType dtype,
                        const std::optional<Quantization>& quant, const std::string& name);
/// Indices move when nodes are inserted or erased; names do not.
std::size_t node_index(const Graph& graph, const std::string& name);

}  // namespace fovea::rewrite
