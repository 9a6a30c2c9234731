#include "passes/matmul_to_gemm.h"

#include "passes/rewrite.h"

namespace fovea {
namespace {

// matmul(x [m,k], w [k,n]) → gemm(x, w); with more axes in front they are flattened around it
bool replace(Graph& graph, std::size_t i) {
  const Node& node = graph.nodes()[i];
  if (!std::holds_alternative<MatMul>(node.op)) return false;
  const Tensor* w = rewrite::float_constant(graph, node, 1);
  const Shape x = graph.input_of(node, 0).shape;
  if (!w || w->shape().rank() != 2 || x.rank() < 2 || graph.input_of(node, 0).dtype != DType::kF32) return false;
  if (x.rank() == 2) {
    graph.nodes()[i].op = Gemm{};
    return true;
  }
  const Node old = node;
  const std::int64_t k = w->shape()[0];
  std::vector<std::int64_t> dims = graph.value(old.outputs[0]).shape.dims();
  dims[0] = -1;  // the batch
  const ValueId flat =
      graph.insert_node(i, Reshape{{-1, k}}, {old.inputs[0]}, graph.unique_node_name(old.name + ".rows"));
  const ValueId product =
      graph.insert_node(i + 1, Gemm{}, {flat, old.inputs[1]}, graph.unique_node_name(old.name + ".gemm"));
  Node& last = graph.nodes()[i + 2];
  last.op = Reshape{dims};
  last.inputs = {product};
  return true;
}

}  // namespace

bool matmul_to_gemm(Graph& graph, const PassContext&) {
  return rewrite::everywhere(graph, [](Graph& g, const GraphIndex&, std::size_t i) { return replace(g, i); });
}

}  // namespace fovea
