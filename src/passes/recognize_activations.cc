#include "passes/recognize_activations.h"

#include <limits>

#include "passes/rewrite.h"

namespace fovea {
namespace {

using rewrite::close;
using rewrite::producer;
using rewrite::scalar;

constexpr int kDeepest = 4;  ///< products of products that are looked through

/// A tree of multiplications (and divisions by a number) as one number and the factors that are none.
struct Product {
  float number = 1;
  std::vector<ValueId> factors;
};

class Reader {
 public:
  Reader(const Graph& graph, const GraphIndex& index) : graph_(graph), index_(index) {}

  const Node* maker(ValueId id) const { return producer(graph_, index_, id); }
  const Binary* binary(ValueId id, BinaryKind kind) const {
    const Node* node = maker(id);
    const auto* op = node ? std::get_if<Binary>(&node->op) : nullptr;
    return op && op->kind == kind && !op->act ? op : nullptr;
  }
  const Unary* unary(ValueId id, Function function) const {
    const Node* node = maker(id);
    const auto* op = node ? std::get_if<Unary>(&node->op) : nullptr;
    return op && op->fn.function == function ? op : nullptr;
  }

  /// `stop` is a factor even where it is a product itself.
  Product product(ValueId id, ValueId stop = kNoValue) const {
    Product made;
    collect(id, stop, 0, made);
    return made;
  }

  /// x and a of x + a.
  std::optional<std::pair<ValueId, float>> sum(ValueId id) const {
    if (!binary(id, BinaryKind::kAdd)) return std::nullopt;
    const Node& node = *maker(id);
    if (const auto a = scalar(graph_, node.inputs[1])) return std::pair{node.inputs[0], *a};
    if (const auto a = scalar(graph_, node.inputs[0])) return std::pair{node.inputs[1], *a};
    return std::nullopt;
  }

 private:
  void collect(ValueId id, ValueId stop, int depth, Product& made) const {
    if (const auto number = scalar(graph_, id)) {
      made.number *= *number;
      return;
    }
    const bool inside = id != stop && depth < kDeepest;
    if (inside && binary(id, BinaryKind::kMul)) {
      for (const ValueId input : maker(id)->inputs) collect(input, stop, depth + 1, made);
    } else if (const auto d =
                   inside && binary(id, BinaryKind::kDiv) ? scalar(graph_, maker(id)->inputs[1]) : std::nullopt) {
      made.number /= *d;
      collect(maker(id)->inputs[0], stop, depth + 1, made);
    } else {
      made.factors.push_back(id);
    }
  }

  const Graph& graph_;
  const GraphIndex& index_;
};

/// A factor g(x) such that x · g(x) · number is a known activation.
struct Gate {
  ValueId x;
  Activation whole;
  float number;
};

/// erf(x / √2) → x; tanh(√(2/π) · (x + 0.044715 · x³)) → x.
std::optional<ValueId> gelu_argument(const Reader& read, ValueId id, bool tanh) {
  constexpr float kSqrtHalf = 0.70710678F, kSqrtTwoOverPi = 0.79788456F, kCubic = 0.044715F;
  if (!read.unary(id, tanh ? Function::kTanh : Function::kErf)) return std::nullopt;
  const Product inner = read.product(read.maker(id)->inputs[0]);
  if (inner.factors.size() != 1 || !close(inner.number, tanh ? kSqrtTwoOverPi : kSqrtHalf)) return std::nullopt;
  if (!tanh) return inner.factors[0];
  if (!read.binary(inner.factors[0], BinaryKind::kAdd)) return std::nullopt;
  const auto& terms = read.maker(inner.factors[0])->inputs;
  for (const std::size_t side : {0U, 1U}) {
    const ValueId x = terms[side];
    const Product cube = read.product(terms[1 - side], x);
    if (close(cube.number, kCubic) && cube.factors == std::vector<ValueId>{x, x, x}) return x;
  }
  return std::nullopt;
}

std::optional<Gate> gate_of(const Reader& read, ValueId g) {
  const Node* node = read.maker(g);
  if (!node) return std::nullopt;
  if (read.unary(g, Function::kSigmoid)) return Gate{node->inputs[0], {Function::kSilu}, 1};
  if (const auto* hard = read.unary(g, Function::kHardSigmoid);
      hard && close(hard->fn.alpha, 1.0F / 6) && close(hard->fn.beta, 0.5F))
    return Gate{node->inputs[0], {Function::kHardSwish}, 1};
  if (const auto* clip = read.unary(g, Function::kClip); clip && clip->fn.alpha == 0 && clip->fn.beta == 6) {
    const auto shifted = read.sum(node->inputs[0]);
    if (shifted && shifted->second == 3) return Gate{shifted->first, {Function::kHardSwish}, 1.0F / 6};
  }
  if (read.unary(g, Function::kTanh) && read.unary(node->inputs[0], Function::kSoftplus))
    return Gate{read.maker(node->inputs[0])->inputs[0], {Function::kMish}, 1};
  if (const auto shifted = read.sum(g); shifted && shifted->second == 1) {
    if (const auto x = gelu_argument(read, shifted->first, false)) return Gate{*x, {Function::kGelu}, 0.5F};
    if (const auto x = gelu_argument(read, shifted->first, true)) return Gate{*x, {Function::kGeluTanh}, 0.5F};
  }
  return std::nullopt;
}

struct Found {
  ValueId x;
  Activation fn;
};

// x · g(x) → f(x): SiLU, hard-swish, GELU (erf and tanh), Mish
std::optional<Found> gated(const Reader& read, ValueId y) {
  for (const ValueId g : read.product(y).factors) {
    const auto gate = gate_of(read, g);
    if (!gate) continue;
    const Product p = read.product(y, gate->x);
    const bool fits = p.factors == std::vector{gate->x, g} || p.factors == std::vector{g, gate->x};
    if (fits && close(p.number, gate->number)) return Found{gate->x, gate->whole};
  }
  return std::nullopt;
}

// clip(x + a, 0, b) · (1 / b) → hard_sigmoid(x / b + a / b)
std::optional<Found> hard_sigmoid(const Reader& read, ValueId y) {
  const Product p = read.product(y);
  if (p.factors.size() != 1) return std::nullopt;
  const auto* clip = read.unary(p.factors[0], Function::kClip);
  if (!clip || clip->fn.alpha != 0 || !close(clip->fn.beta * p.number, 1)) return std::nullopt;
  const auto shifted = read.sum(read.maker(p.factors[0])->inputs[0]);
  if (!shifted) return std::nullopt;
  return Found{shifted->first, {Function::kHardSigmoid, p.number, shifted->second * p.number}};
}

// max(x, 0) → relu(x)
std::optional<Found> relu(const Graph& graph, const Reader& read, ValueId y) {
  if (!read.binary(y, BinaryKind::kMax)) return std::nullopt;
  const Node& node = *read.maker(y);
  for (const std::size_t side : {1U, 0U})
    if (scalar(graph, node.inputs[side]) == 0.0F) return Found{node.inputs[1 - side], {Function::kRelu}};
  return std::nullopt;
}

// clip(x, 0, ∞) → relu(x)
bool open_clip(Graph& graph, std::size_t i) {
  auto* unary = std::get_if<Unary>(&graph.nodes()[i].op);
  if (!unary || unary->fn.function != Function::kClip || unary->fn.alpha != 0) return false;
  if (unary->fn.beta < std::numeric_limits<float>::max()) return false;
  unary->fn = {Function::kRelu};
  return true;
}

bool replace(Graph& graph, const GraphIndex& index, std::size_t i, const PassContext& context) {
  if (open_clip(graph, i)) return true;
  const Node& node = graph.nodes()[i];
  if (!std::holds_alternative<Binary>(node.op) || graph.value(node.outputs[0]).dtype != DType::kF32) return false;
  const Reader read(graph, index);
  const ValueId y = node.outputs[0];
  auto found = gated(read, y);
  if (!found) found = hard_sigmoid(read, y);
  if (!found) found = relu(graph, read, y);
  if (!found || graph.value(found->x).shape != graph.value(y).shape) return false;
  Node made{node.name, Unary{found->fn}, {found->x}, node.outputs};
  if (!context.supported(graph, made)) return false;
  graph.nodes()[i] = std::move(made);
  return true;
}

}  // namespace

bool recognize_activations(Graph& graph, const PassContext& context) {
  return rewrite::everywhere(
      graph, [&](Graph& g, const GraphIndex& index, std::size_t i) { return replace(g, index, i, context); });
}

}  // namespace fovea
