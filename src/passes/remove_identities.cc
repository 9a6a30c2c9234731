#include "passes/remove_identities.h"

#include <algorithm>
#include <numeric>

#include "passes/rewrite.h"

namespace fovea {
namespace {

bool all(const std::vector<std::int64_t>& values, std::int64_t wanted) {
  return std::all_of(values.begin(), values.end(), [&](std::int64_t v) { return v == wanted; });
}

bool neutral(const Graph& graph, const Node& node, const Binary& op) {
  const std::optional<float> b = rewrite::scalar(graph, node.inputs[1]);
  if (op.act || !b) return false;
  switch (op.kind) {
    case BinaryKind::kAdd:
    case BinaryKind::kSub:
      return *b == 0;
    case BinaryKind::kMul:
    case BinaryKind::kDiv:
    case BinaryKind::kPow:
      return *b == 1;
    default:
      return false;
  }
}

/// Whether an op with equal types of first input and output hands its first input through.
struct HandsThrough {
  const Graph& graph;
  const Node& node;
  bool operator()(const Identity&) const { return true; }
  bool operator()(const Dropout&) const { return true; }
  bool operator()(const Cast&) const { return true; }
  bool operator()(const Reshape&) const { return true; }
  bool operator()(const Flatten&) const { return true; }
  bool operator()(const Squeeze&) const { return true; }
  bool operator()(const Unsqueeze&) const { return true; }
  bool operator()(const Split& op) const { return op.sizes.size() == 1; }
  bool operator()(const Concat&) const { return node.inputs.size() == 1; }
  bool operator()(const Unary& op) const { return !op.fn; }
  bool operator()(const Binary& op) const { return neutral(graph, node, op); }
  bool operator()(const Slice& op) const { return all(op.steps, 1); }
  bool operator()(const Pad& op) const { return all(op.before, 0) && all(op.after, 0); }
  bool operator()(const Transpose& op) const { return std::is_sorted(op.perm.begin(), op.perm.end()); }
  bool operator()(const ChannelShuffle& op) const {
    return op.groups == 1 || op.groups == graph.input_of(node, 0).shape[1];
  }
  bool operator()(const Reduce& op) const { return op.keep_dims; }  // equal shapes: only axes of size 1
  bool operator()(const Pool& op) const {
    return op.kernel == std::array{1, 1} && op.strides == std::array{1, 1} && op.pads == std::array{0, 0, 0, 0};
  }
  template <typename Other>
  bool operator()(const Other&) const {
    return false;
  }
};

bool same_type(const Value& a, const Value& b) {
  return a.dtype == b.dtype && a.shape == b.shape && a.quant == b.quant;
}

// f(x) = x → x
bool remove_one(Graph& graph, const GraphIndex& index, std::size_t i) {
  const Node& node = graph.nodes()[i];
  if (node.inputs.empty() || node.outputs.size() != 1) return false;
  const ValueId from = node.inputs[0], to = node.outputs[0];
  if (!same_type(graph.value(from), graph.value(to))) return false;
  if (!std::visit(HandsThrough{graph, node}, node.op)) return false;
  // An output that is an input or a constant would leave a graph without a node for it.
  if (rewrite::is_output(graph, to) && index.producer(from) < 0) return false;
  graph.replace_uses(to, from);
  rewrite::erase(graph, i);
  return true;
}

// transpose(transpose(x, p), q) → transpose(x, p ∘ q)
bool merge_transposes(Graph& graph, const GraphIndex& index, std::size_t i) {
  auto* outer = std::get_if<Transpose>(&graph.nodes()[i].op);
  if (!outer) return false;
  const Node* before = rewrite::producer(graph, index, graph.nodes()[i].inputs[0]);
  const auto* inner = before ? std::get_if<Transpose>(&before->op) : nullptr;
  if (!inner) return false;
  for (std::int64_t& axis : outer->perm) axis = inner->perm[static_cast<std::size_t>(axis)];
  graph.nodes()[i].inputs[0] = before->inputs[0];
  return true;
}

// transpose(x, p) → reshape(x), where p only moves axes of size 1 and keeps the batch in front
bool turn_to_reshape(Graph& graph, std::size_t i) {
  const Node& node = graph.nodes()[i];
  const auto* op = std::get_if<Transpose>(&node.op);
  if (!op || op->perm.empty() || op->perm[0] != 0) return false;
  const Shape& x = graph.input_of(node, 0).shape;
  std::int64_t last = 0;
  for (const std::int64_t axis : op->perm) {
    if (axis != 0 && x[static_cast<int>(axis)] == 1) continue;
    if (axis < last) return false;
    last = axis;
  }
  std::vector<std::int64_t> dims = graph.value(node.outputs[0]).shape.dims();
  dims[0] = 0;
  if (std::ranges::find(dims.begin() + 1, dims.end(), 0) != dims.end()) return false;
  graph.nodes()[i].op = Reshape{dims};
  return true;
}

bool only_reshapes(const Op& op) {
  return std::holds_alternative<Reshape>(op) || std::holds_alternative<Flatten>(op) ||
         std::holds_alternative<Squeeze>(op) || std::holds_alternative<Unsqueeze>(op);
}

// reshape(reshape(x)) → reshape(x), where the outer one names its shape without looking at its input's (0 copies)
bool merge_reshapes(Graph& graph, const GraphIndex& index, std::size_t i) {
  const Node& node = graph.nodes()[i];
  const Node* before = rewrite::producer(graph, index, node.inputs.empty() ? kNoValue : node.inputs[0]);
  if (!before || !only_reshapes(before->op)) return false;
  const Shape& source = graph.value(before->inputs[0]).shape;
  const Shape& middle = graph.value(node.inputs[0]).shape;
  if (const auto* flatten = std::get_if<Flatten>(&node.op)) {
    const bool batch_kept = flatten->axis == 1 && source.rank() > 0 && source[0] == middle[0];
    if (!batch_kept) return false;
  } else if (const auto* reshape = std::get_if<Reshape>(&node.op)) {
    for (std::size_t k = 0; k < reshape->dims.size(); ++k) {
      const int axis = static_cast<int>(k);
      if (reshape->dims[k] == 0 && (axis >= source.rank() || source[axis] != middle[axis])) return false;
    }
  } else {
    return false;
  }
  graph.nodes()[i].inputs[0] = before->inputs[0];
  return true;
}

}  // namespace

bool remove_identities(Graph& graph, const PassContext&) {
  return rewrite::everywhere(graph, [](Graph& g, const GraphIndex& index, std::size_t i) {
    return remove_one(g, index, i) || merge_transposes(g, index, i) || turn_to_reshape(g, i) ||
           merge_reshapes(g, index, i);
  });
}

}  // namespace fovea
