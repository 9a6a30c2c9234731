#include "train/head.h"

#include <algorithm>
#include <optional>

#include "base/error.h"
#include "train/zoo/initialize.h"

namespace fovea::train {
namespace {

constexpr double kHeadDeviation = 0.01;

template <typename... Ops>
bool is_any(const Op& op) {
  return (std::holds_alternative<Ops>(op) || ...);
}

/// Ops between the classifying layer and the output that keep "one channel per class" true.
bool passes_classes_through(const Op& op) {
  return is_any<Softmax, Identity, Dropout, Flatten, Reshape, Squeeze, Unsqueeze, Unary, GlobalPool, Pool, Reduce>(op);
}

bool has_constant(const Graph& graph, const Node& node, std::size_t input) {
  return graph.has_input(node, input) && graph.input_of(node, input).is_constant();
}

bool is_classifier(const Graph& graph, const Node& node) {
  return is_any<Gemm, MatMul, Conv2d>(node.op) && has_constant(graph, node, 1) && !has_constant(graph, node, 0);
}

/// x of `x + constant`, where the node is that.
std::optional<ValueId> summand(const Graph& graph, const Node& node) {
  const auto* binary = std::get_if<Binary>(&node.op);
  if (!binary || binary->kind != BinaryKind::kAdd) return std::nullopt;
  for (std::size_t i = 0; i < 2; ++i) {
    if (has_constant(graph, node, 1 - i)) return node.inputs[i];
  }
  return std::nullopt;
}

struct Tail {
  std::size_t head = 0;            ///< gemm, matmul or convolution
  std::optional<std::size_t> add;  ///< the addition of a matmul's bias
  std::vector<std::size_t> after;  ///< nodes between the head and the output
};

[[noreturn]] void fail_at(const Node& node) {
  fail(ErrorKind::kUnsupported,
       "[replace_head] the graph ends in {} \"{}\"; expected a fully connected layer or a convolution with constant "
       "weights "
       "before the output",
       display_name(node.op), node.name);
}

Tail find_tail(const Graph& graph) {
  require(graph.outputs().size() == 1, ErrorKind::kUnsupported, "[replace_head] the graph has {} outputs, expected 1",
          graph.outputs().size());
  const GraphIndex index(graph);
  Tail tail;
  ValueId at = graph.outputs()[0];
  for (;;) {
    const int producer = index.producer(at);
    require(producer >= 0, ErrorKind::kUnsupported,
            "[replace_head] no fully connected layer or convolution between the input and the output");
    const auto i = static_cast<std::size_t>(producer);
    const Node& node = graph.nodes()[i];
    if (is_classifier(graph, node)) {
      tail.head = i;
      return tail;
    }
    const std::optional<ValueId> x = summand(graph, node);
    if (x && !tail.add) {
      const int before = index.producer(*x);
      if (before < 0 || !is_any<MatMul>(graph.nodes()[static_cast<std::size_t>(before)].op)) fail_at(node);
      tail.add = i;
      at = *x;
      continue;
    }
    if (!passes_classes_through(node.op) || tail.add) fail_at(node);
    tail.after.push_back(i);
    at = node.inputs[0];
  }
}

/// Reshapes after the head that name the old number of classes.
void rename_classes(Graph& graph, const Tail& tail, std::int64_t from, std::int64_t to) {
  for (const std::size_t i : tail.after) {
    if (auto* reshape = std::get_if<Reshape>(&graph.nodes()[i].op)) {
      std::ranges::replace(reshape->dims, from, to);
    }
  }
}

/// A softmax, and an activation that would hide the sign of new logits (SqueezeNet ends in a ReLU).
void remove_nonlinear(Graph& graph, const Tail& tail) {
  for (const std::size_t i : tail.after) {
    const Node& node = graph.nodes()[i];
    if (is_any<Softmax, Unary>(node.op)) graph.replace_uses(node.outputs[0], node.inputs[0]);
  }
}

struct NewWeights {
  ValueId weight, bias;
};

NewWeights add_weights(Graph& graph, const Node& head, Shape weight, std::int64_t classes, std::uint64_t seed) {
  const std::string name = head.name;
  Tensor numbers = normal_tensor(std::move(weight), kHeadDeviation, seed, "head.weight");
  return {graph.add_constant(graph.unique_value_name(name + ".weight"), std::move(numbers)),
          graph.add_constant(graph.unique_value_name(name + ".bias"), Tensor::zeros(DType::kF32, {classes}))};
}

/// The number of classes that the head had.
std::int64_t renew_conv(Graph& graph, std::size_t head, int classes, std::uint64_t seed) {
  const Node& node = graph.nodes()[head];
  const auto& conv = std::get<Conv2d>(node.op);
  require(conv.groups == 1 && !conv.residual, ErrorKind::kUnsupported,
          "[replace_head] the last convolution \"{}\" is grouped or has a residual, expected a classifier", node.name);
  Shape shape = graph.input_of(node, 1).shape;
  const std::int64_t old = std::exchange(shape[0], classes);
  const NewWeights made = add_weights(graph, node, std::move(shape), classes, seed);
  Node& changed = graph.nodes()[head];
  changed.inputs = {changed.inputs[0], made.weight, made.bias};
  std::get<Conv2d>(changed.op).act = {};
  return old;
}

std::int64_t renew_gemm(Graph& graph, std::size_t head, int classes, std::uint64_t seed) {
  const Node& node = graph.nodes()[head];
  Gemm gemm = std::get<Gemm>(node.op);
  Shape shape = graph.input_of(node, 1).shape;
  const std::int64_t old = std::exchange(shape[gemm.trans_b ? 0 : 1], classes);
  gemm.alpha = gemm.beta = 1;
  gemm.act = {};
  const NewWeights made = add_weights(graph, node, std::move(shape), classes, seed);
  Node& changed = graph.nodes()[head];
  changed.inputs = {changed.inputs[0], made.weight, made.bias};
  changed.op = gemm;
  return old;
}

std::int64_t renew_matmul(Graph& graph, const Tail& tail, int classes, std::uint64_t seed) {
  const Node& node = graph.nodes()[tail.head];
  const Shape& features = graph.input_of(node, 0).shape;
  const Shape& weight = graph.input_of(node, 1).shape;
  require(features.rank() == 2 && weight.rank() == 2, ErrorKind::kUnsupported,
          "[replace_head] matmul \"{}\" multiplies {} by {}, expected a matrix of features by a matrix of weights",
          node.name, features.str(), weight.str());
  const std::int64_t old = weight[1];
  const NewWeights made = add_weights(graph, node, {classes, weight[0]}, classes, seed);
  Node& changed = graph.nodes()[tail.head];
  changed.inputs = {changed.inputs[0], made.weight, made.bias};
  Gemm gemm;
  gemm.trans_b = true;
  changed.op = gemm;
  if (tail.add) graph.replace_uses(graph.nodes()[*tail.add].outputs[0], changed.outputs[0]);
  return old;
}

}  // namespace

std::size_t find_head(const Graph& graph) { return find_tail(graph).head; }

Graph replace_head(const Graph& base, int classes, std::uint64_t seed) {
  require(classes >= 2, ErrorKind::kInvalidArgument, "[replace_head] {} classes given, expected at least 2", classes);
  Graph graph = base;
  const Tail tail = find_tail(graph);
  const Op& op = graph.nodes()[tail.head].op;
  const std::int64_t old = is_any<Conv2d>(op) ? renew_conv(graph, tail.head, classes, seed)
                           : is_any<Gemm>(op) ? renew_gemm(graph, tail.head, classes, seed)
                                              : renew_matmul(graph, tail, classes, seed);
  rename_classes(graph, tail, old, classes);
  remove_nonlinear(graph, tail);
  graph.compact();
  graph.infer_types();
  return graph;
}

}  // namespace fovea::train
