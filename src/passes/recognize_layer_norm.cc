#include "passes/recognize_layer_norm.h"

#include <algorithm>

#include "graph/ops/strided.h"
#include "passes/rewrite.h"

namespace fovea {
namespace {

using rewrite::producer;
using rewrite::scalar;

class Reader {
 public:
  Reader(const Graph& graph, const GraphIndex& index) : graph_(graph), index_(index) {}

  const Node* binary(ValueId id, BinaryKind kind) const {
    const Node* node = producer(graph_, index_, id);
    const auto* op = node ? std::get_if<Binary>(&node->op) : nullptr;
    return op && op->kind == kind && !op->act ? node : nullptr;
  }
  const Node* unary(ValueId id, Function function) const {
    const Node* node = producer(graph_, index_, id);
    const auto* op = node ? std::get_if<Unary>(&node->op) : nullptr;
    return op && op->fn.function == function ? node : nullptr;
  }
  const Node* mean(ValueId id) const {
    const Node* node = producer(graph_, index_, id);
    const auto* op = node ? std::get_if<Reduce>(&node->op) : nullptr;
    return op && op->kind == ReduceKind::kMean && op->keep_dims && !op->axes.empty() ? node : nullptr;
  }
  /// x − mean(x, axes): x's node and the axes.
  const Node* centred(ValueId id, std::vector<std::int64_t>& axes) const {
    const Node* difference = binary(id, BinaryKind::kSub);
    const Node* middle = difference ? mean(difference->inputs[1]) : nullptr;
    if (!middle || middle->inputs[0] != difference->inputs[0]) return nullptr;
    axes = std::get<Reduce>(middle->op).axes;
    return difference;
  }
  /// d² as d · d or as a power.
  bool is_square(ValueId id, ValueId d) const {
    if (const Node* product = binary(id, BinaryKind::kMul)) return product->inputs[0] == d && product->inputs[1] == d;
    const Node* power = binary(id, BinaryKind::kPow);
    return power && power->inputs[0] == d && scalar(graph_, power->inputs[1]) == 2.0F;
  }

 private:
  const Graph& graph_;
  const GraphIndex& index_;
};

bool neighbours(const std::vector<std::int64_t>& axes) {
  for (std::size_t i = 1; i < axes.size(); ++i)
    if (axes[i] != axes[i - 1] + 1) return false;
  return !axes.empty();
}

// (x − mean(x)) / √(mean((x − mean(x))²) + ε) → layer_norm(x)
bool written_out(Graph& graph, const GraphIndex& index, std::size_t i) {
  const Node& node = graph.nodes()[i];
  const auto* op = std::get_if<Binary>(&node.op);
  if (!op || op->kind != BinaryKind::kDiv || op->act || graph.value(node.outputs[0]).dtype != DType::kF32) return false;
  const Reader read(graph, index);
  std::vector<std::int64_t> axes;
  const Node* difference = read.centred(node.inputs[0], axes);
  const Node* root = difference ? read.unary(node.inputs[1], Function::kSqrt) : nullptr;
  const Node* sum = root ? read.binary(root->inputs[0], BinaryKind::kAdd) : nullptr;
  if (!sum) return false;
  for (const std::size_t side : {0U, 1U}) {
    const auto epsilon = scalar(graph, sum->inputs[1 - side]);
    const Node* variance = epsilon ? read.mean(sum->inputs[side]) : nullptr;
    if (!variance || std::get<Reduce>(variance->op).axes != axes) continue;
    if (!read.is_square(variance->inputs[0], node.inputs[0])) continue;
    std::ranges::sort(axes);
    if (!neighbours(axes)) return false;
    const ValueId x = difference->inputs[0];
    LayerNorm norm;
    norm.axes = axes;
    norm.epsilon = *epsilon;
    graph.nodes()[i].op = norm;
    graph.nodes()[i].inputs = {x, kNoValue, kNoValue};
    return true;
  }
  return false;
}

/// A constant beside a layer norm's output as one number per normalised element.
std::optional<Tensor> parameter(const Tensor& constant, const LayerNorm& op, const Shape& x) {
  std::vector<std::int64_t> own;
  for (const std::int64_t axis : op.axes) own.push_back(x[static_cast<int>(axis)]);
  if (constant.elements() == 1) return broadcast_to(constant.reshaped({}), Shape(own)).clone();
  const int rank = constant.shape().rank();
  if (rank > x.rank()) return std::nullopt;
  std::vector<std::int64_t> wide(static_cast<std::size_t>(x.rank()), 1);
  for (int axis = 0; axis < rank; ++axis)
    wide[static_cast<std::size_t>(x.rank() - rank + axis)] = constant.shape()[axis];
  std::vector<std::int64_t> covered;
  for (int axis = 0; axis < x.rank(); ++axis) {
    const std::int64_t dim = wide[static_cast<std::size_t>(axis)];
    const bool inside = axis >= op.axes.front() && axis <= op.axes.back();
    if (!inside && dim != 1) return std::nullopt;
    if (inside) covered.push_back(dim);
  }
  return broadcast_to(constant.reshaped(Shape(covered)), Shape(own)).clone();
}

// layer_norm(x, w, b) · c → layer_norm(x, w · c, b · c), layer_norm(x, w, b) + c → layer_norm(x, w, b + c)
bool fold_parameter(Graph& graph, const GraphIndex& index, std::size_t i) {
  const Node& node = graph.nodes()[i];
  const auto* op = std::get_if<Binary>(&node.op);
  const bool product = op && op->kind == BinaryKind::kMul;
  if (!op || op->act || (!product && op->kind != BinaryKind::kAdd)) return false;
  for (const std::size_t side : {0U, 1U}) {
    const int before = index.producer(node.inputs[side]);
    const Tensor* constant = rewrite::float_constant(graph, node, 1 - side);
    if (before < 0 || !constant || rewrite::sole_consumer(index, node.inputs[side]) != static_cast<int>(i)) continue;
    Node merged = graph.nodes()[static_cast<std::size_t>(before)];
    const auto* norm = std::get_if<LayerNorm>(&merged.op);
    const Shape& x = graph.value(node.inputs[side]).shape;
    if (!norm || graph.value(node.outputs[0]).shape != x) continue;
    const auto numbers = parameter(*constant, *norm, x);
    if (!numbers) continue;
    merged.inputs.resize(3, kNoValue);
    for (const std::size_t k : {1U, 2U}) {
      if (product ? k == 2 && merged.inputs[2] == kNoValue : k == 1) continue;
      Tensor made = numbers->clone();
      if (merged.inputs[k] != kNoValue) {
        const Tensor* old = rewrite::float_constant(graph, merged, k);
        if (!old) return false;
        std::ranges::transform(old->data<float>(), numbers->data<float>(), made.data<float>().begin(),
                               [&](float a, float b) { return product ? a * b : a + b; });
      }
      merged.inputs[k] = rewrite::constant_like(graph, graph.value(node.inputs[1 - side]).name, made);
    }
    merged.outputs = node.outputs;
    rewrite::merge(graph, static_cast<std::size_t>(before), i, std::move(merged));
    return true;
  }
  return false;
}

}  // namespace

bool recognize_layer_norm(Graph& graph, const PassContext&) {
  return rewrite::everywhere(graph, [](Graph& g, const GraphIndex& index, std::size_t i) {
    return written_out(g, index, i) || fold_parameter(g, index, i);
  });
}

}  // namespace fovea
