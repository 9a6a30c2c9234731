#include "passes/reduce_to_pool.h"

#include "passes/rewrite.h"

namespace fovea {
namespace {

using Axes = std::vector<std::int64_t>;

// mean(x, {h, w}) → global_pool(x), flattened where the axes go
bool from_reduce(Graph& graph, std::size_t i) {
  const Node& node = graph.nodes()[i];
  const auto* reduce = std::get_if<Reduce>(&node.op);
  if (!reduce || reduce->kind == ReduceKind::kSum || graph.input_of(node, 0).shape.rank() != 4) return false;
  if (graph.input_of(node, 0).dtype != DType::kF32 || (reduce->axes != Axes{2, 3} && reduce->axes != Axes{3, 2}))
    return false;
  const GlobalPool pool{reduce->kind == ReduceKind::kMean ? PoolKind::kAverage : PoolKind::kMax};
  if (reduce->keep_dims) {
    graph.nodes()[i].op = pool;
    return true;
  }
  const ValueId x = node.inputs[0];
  const ValueId pooled = graph.insert_node(i, pool, {x}, graph.unique_node_name(node.name + ".pool"));
  graph.nodes()[i + 1].op = Flatten{1};
  graph.nodes()[i + 1].inputs = {pooled};
  return true;
}

// pool(x) with a window over all of x → global_pool(x)
bool from_pool(Graph& graph, std::size_t i) {
  const Node& node = graph.nodes()[i];
  const auto* pool = std::get_if<Pool>(&node.op);
  if (!pool || pool->pads != std::array{0, 0, 0, 0} || pool->dilations != std::array{1, 1}) return false;
  const Shape& x = graph.input_of(node, 0).shape;
  const Shape& y = graph.value(node.outputs[0]).shape;
  if (x.rank() != 4 || y[2] != 1 || y[3] != 1 || pool->kernel[0] != x[2] || pool->kernel[1] != x[3]) return false;
  graph.nodes()[i].op = GlobalPool{pool->kind};
  return true;
}

}  // namespace

bool reduce_to_pool(Graph& graph, const PassContext&) {
  return rewrite::everywhere(
      graph, [](Graph& g, const GraphIndex&, std::size_t i) { return from_reduce(g, i) || from_pool(g, i); });
}

}  // namespace fovea
