#include "passes/sink_transposes.h"

#include <algorithm>

#include "graph/ops/strided.h"
#include "passes/rewrite.h"

namespace fovea {
namespace {

using Perm = std::vector<std::int64_t>;

std::size_t place(std::int64_t axis) { return static_cast<std::size_t>(axis); }

const Node* transposed(const Graph& graph, const GraphIndex& index, ValueId id) {
  const Node* node = id == kNoValue ? nullptr : rewrite::producer(graph, index, id);
  return node && std::holds_alternative<Transpose>(node->op) ? node : nullptr;
}

/// The constant that becomes t when it is transposed by perm, t's axes filled up with ones in front.
Tensor before_transpose(const Tensor& t, const Perm& perm) {
  std::vector<std::int64_t> wide(perm.size(), 1), dims(perm.size()), strides(perm.size());
  for (int axis = 0; axis < t.shape().rank(); ++axis)
    wide[perm.size() - place(t.shape().rank()) + place(axis)] = t.shape()[axis];
  const std::vector<std::int64_t> dense = dense_strides(Shape(wide));
  for (std::size_t i = 0; i < perm.size(); ++i) {
    dims[place(perm[i])] = wide[i];
    strides[place(perm[i])] = dense[i];
  }
  return strided_copy(t, Shape(dims), 0, strides);
}

/// The op that does to x what `op` does to its transpose, where that is so simple; axes are looked up in perm.
struct Untransposed {
  const Perm& perm;
  using Answer = std::optional<Op>;

  Answer operator()(const Unary& op) const { return op; }
  Answer operator()(const Identity& op) const { return op; }
  Answer operator()(const Dropout& op) const { return op; }
  Answer operator()(const Binary& op) const { return op; }
  Answer operator()(Softmax op) const {
    op.axis = static_cast<int>(perm[place(op.axis)]);
    return op;
  }
  Answer operator()(Concat op) const {
    op.axis = static_cast<int>(perm[place(op.axis)]);
    return op;
  }
  Answer operator()(Slice op) const {
    for (std::int64_t& axis : op.axes) axis = perm[place(axis)];
    return op;
  }
  Answer operator()(Reduce op) const {
    if (!op.keep_dims) return std::nullopt;
    for (std::int64_t& axis : op.axes) axis = perm[place(axis)];
    std::ranges::sort(op.axes);
    return op;
  }
  Answer operator()(LayerNorm op) const {
    for (std::int64_t& axis : op.axes) axis = perm[place(axis)];
    for (std::size_t i = 1; i < op.axes.size(); ++i)
      if (op.axes[i] != op.axes[i - 1] + 1) return std::nullopt;
    return op;
  }
  Answer operator()(Pad op) const {
    const Pad old = op;
    for (std::size_t i = 0; i < perm.size(); ++i) {
      op.before[place(perm[i])] = old.before[i];
      op.after[place(perm[i])] = old.after[i];
    }
    return op;
  }
  template <typename Other>
  Answer operator()(const Other&) const {
    return std::nullopt;
  }
};

/// Which inputs stand for the same elements on both sides of the transpose: those of layer norm belong to its axes.
bool moves_along(const Op& op, std::size_t input) { return input == 0 || !std::holds_alternative<LayerNorm>(op); }

/// The node's inputs before their transposes; nullopt where one is neither transposed alike nor constant.
std::optional<std::vector<ValueId>> inputs_before(Graph& graph, const GraphIndex& index, const Node& node,
                                                  const Perm& perm) {
  std::vector<ValueId> inputs = node.inputs;
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    if (inputs[k] == kNoValue || !moves_along(node.op, k)) continue;
    if (const Node* maker = transposed(graph, index, inputs[k])) {
      if (std::get<Transpose>(maker->op).perm != perm) return std::nullopt;
      inputs[k] = maker->inputs[0];
    } else {
      const Tensor* constant = rewrite::float_constant(graph, node, k);
      if (!constant || place(constant->shape().rank()) > perm.size()) return std::nullopt;
    }
  }
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    if (inputs[k] != node.inputs[k] || inputs[k] == kNoValue || !moves_along(node.op, k)) continue;
    const Tensor* constant = rewrite::float_constant(graph, node, k);
    if (constant->elements() > 1)
      inputs[k] =
          rewrite::constant_like(graph, graph.value(inputs[k]).name + ".turned", before_transpose(*constant, perm));
  }
  return inputs;
}

void replace(Graph& graph, std::size_t i, Op op, std::vector<ValueId> inputs, const Perm& perm) {
  const std::string name = graph.nodes()[i].name;
  const ValueId made = graph.insert_node(i, std::move(op), std::move(inputs), graph.unique_node_name(name + ".before"));
  graph.nodes()[i + 1].op = Transpose{perm};
  graph.nodes()[i + 1].inputs = {made};
}

// f(transpose(x)) → transpose(f(x)), f's axes and constants turned
bool sink(Graph& graph, const GraphIndex& index, std::size_t i) {
  const Node node = graph.nodes()[i];
  const Node* maker = nullptr;
  for (const ValueId id : node.inputs)
    if (maker == nullptr) maker = transposed(graph, index, id);
  if (!maker || node.outputs.size() != 1) return false;
  const Perm perm = std::get<Transpose>(maker->op).perm;
  if (place(graph.value(node.outputs[0]).shape.rank()) != perm.size()) return false;
  std::optional<Op> op = std::visit(Untransposed{perm}, node.op);
  if (!op) return false;
  auto inputs = inputs_before(graph, index, node, perm);
  if (!inputs) return false;
  replace(graph, i, std::move(*op), std::move(*inputs), perm);
  return true;
}

// matmul(transpose(x, n h w c), w [c, k]) → transpose(conv2d(x, wᵀ [k, c, 1, 1]), n h w k)
bool product_to_conv(Graph& graph, const GraphIndex& index, std::size_t i) {
  const Node node = graph.nodes()[i];
  const Node* maker = std::holds_alternative<MatMul>(node.op) ? transposed(graph, index, node.inputs[0]) : nullptr;
  const Tensor* w = maker ? rewrite::float_constant(graph, node, 1) : nullptr;
  if (!w || w->shape().rank() != 2 || std::get<Transpose>(maker->op).perm != Perm{0, 2, 3, 1}) return false;
  const std::int64_t c = w->shape()[0], k = w->shape()[1];
  const Tensor filter = strided_copy(*w, {k, c, 1, 1}, 0, {1, k, 1, 1});
  const ValueId filters = rewrite::constant_like(graph, graph.value(node.inputs[1]).name + ".filter", filter);
  replace(graph, i, Conv2d{}, {maker->inputs[0], filters, kNoValue}, {0, 2, 3, 1});
  return true;
}

}  // namespace

bool sink_transposes(Graph& graph, const PassContext&) {
  return rewrite::everywhere(graph, [](Graph& g, const GraphIndex& index, std::size_t i) {
    return sink(g, index, i) || product_to_conv(g, index, i);
  });
}

}  // namespace fovea
