#include "quantize/typed_graph.h"

#include <algorithm>

#include "base/error.h"
#include "engine/describe.h"
#include "passes/lower_precision.h"

namespace fovea {
namespace {

bool multiplies(const Node& node) {
  return std::holds_alternative<Conv2d>(node.op) || std::holds_alternative<Gemm>(node.op) ||
         std::holds_alternative<MatMul>(node.op);
}

/// Softmax and the front stay in f32: the first needs the range, the second makes the type.
std::set<std::string> candidates(const Graph& graph, const std::set<std::string>& keep) {
  std::set<std::string> names;
  for (const Node& node : graph.nodes())
    if (!std::holds_alternative<Softmax>(node.op) && !std::holds_alternative<PixelsToTensor>(node.op) &&
        !keep.contains(node.name))
      names.insert(node.name);
  return names;
}

}  // namespace

std::string explicit_precision(const Graph& graph, const GraphIndex& index, const Node& node) {
  const int maker = index.producer(node.inputs.at(0));
  const Node* before = maker < 0 ? nullptr : &graph.nodes()[static_cast<std::size_t>(maker)];
  if (before == nullptr || !std::holds_alternative<Dequantize>(before->op)) return node_precision(graph, node);
  return graph.input_of(*before, 0).dtype == DType::kF8 ? "fp8" : "int8";
}

DType short_float(Precision precision) { return precision == Precision::kFp16 ? DType::kF16 : DType::kBF16; }

namespace {

bool is_short_float(Precision precision) { return precision == Precision::kBf16 || precision == Precision::kFp16; }

void narrow_floats(TypedGraph& typed, const PrecisionPlan& plan, const PassContext& context) {
  std::set<std::string> kept = plan.keep;
  for (const auto& [node, reason] : plan.widened) kept.insert(node);
  const std::vector<std::string> lowered =
      lower_precision(typed.graph, candidates(typed.graph, kept), short_float(plan.precision), context);
  require(!lowered.empty() || !plan.widened.empty(), ErrorKind::kUnsupported,
          "[precision] this machine has no tactic for {}", name(plan.precision));
}

/// Convolutions and fully connected layers for which the machine has a tactic that multiplies in TF32.
void allow_tf32(Graph& graph, const PrecisionPlan& plan, const PassContext& context) {
  const std::set<std::string> all = candidates(graph, plan.keep);
  for (std::size_t n = 0; n < graph.nodes().size(); ++n) {
    Node node = graph.nodes()[n];
    if (!all.contains(node.name) || !set_tf32(node.op) || !context.supported(graph, node)) continue;
    graph.nodes()[n].op = node.op;
  }
}

/// Nodes beside no quantize and no dequantize, and the widened ones: what lies between is folded into 8 bits.
std::set<std::string> apart_from_int8(const Graph& graph, const PrecisionPlan& plan) {
  std::set<std::string> apart = candidates(graph, plan.keep);
  const GraphIndex index(graph);
  for (const Node& node : graph.nodes()) {
    if (plan.widened.contains(node.name)) continue;
    const bool reads = std::ranges::any_of(node.inputs, [&](ValueId id) {
      const int maker = id == kNoValue ? -1 : index.producer(id);
      return maker >= 0 && std::holds_alternative<Dequantize>(graph.nodes()[static_cast<std::size_t>(maker)].op);
    });
    const bool feeds = std::ranges::any_of(index.consumers(node.outputs.front()), [&](int user) {
      return std::holds_alternative<Quantize>(graph.nodes()[static_cast<std::size_t>(user)].op);
    });
    if (reads || feeds) apart.erase(node.name);
  }
  return apart;
}

void quantize(TypedGraph& typed, const PrecisionPlan& plan, const Int8Recipe& recipe, const PassContext& context) {
  typed.graph = recipe.base;
  QuantizeOptions options{plan.keep, recipe.form, recipe.weights, recipe.biases};
  for (const auto& [node, reason] : plan.widened) options.keep.insert(node);
  typed.fallbacks = insert_quantization(typed.graph, recipe.ranges, options);
  std::erase_if(typed.fallbacks, [&](const Fallback& f) { return plan.widened.contains(f.node); });
  if (is_short_float(plan.wide))
    lower_precision(typed.graph, apart_from_int8(typed.graph, plan), short_float(plan.wide), context);
}

}  // namespace

void set_precision(TypedGraph& typed, const PrecisionPlan& plan, const Int8Recipe& recipe, const PassContext& context) {
  if (plan.precision == Precision::kTf32) allow_tf32(typed.graph, plan, context);
  if (is_short_float(plan.precision)) narrow_floats(typed, plan, context);
  if (plan.precision == Precision::kInt8 || plan.precision == Precision::kFp8) quantize(typed, plan, recipe, context);
}

void list_fallbacks(TypedGraph& typed, const PrecisionPlan& plan,
                    const std::function<std::string(const Node&)>& runs_in) {
  const std::string wanted(name(plan.precision));
  for (const Node& node : typed.graph.nodes()) {
    const auto widened = plan.widened.find(node.name);
    if (widened == plan.widened.end() && (!multiplies(node) || runs_in(node) == wanted)) continue;
    if (std::ranges::any_of(typed.fallbacks, [&](const Fallback& f) { return f.node == node.name; })) continue;
    const std::string reason = widened != plan.widened.end()   ? widened->second
                               : plan.keep.contains(node.name) ? "kept by the user"
                                                               : "no tactic runs it in " + wanted;
    typed.fallbacks.push_back({node.name, runs_in(node), reason});
  }
}

TypedGraph lower_to(const Graph& base, const PrecisionPlan& plan, const Int8Recipe& recipe,
                    const PassContext& context) {
  TypedGraph typed;
  typed.graph = base;
  if (plan.precision != Precision::kInt8 || !is_quantized(base)) set_precision(typed, plan, recipe, context);
  typed.passes = run_passes(typed.graph, passes_after_precision(), context);
  if (plan.precision == Precision::kFp8 || plan.precision == Precision::kTf32) {
    const bool any = std::ranges::any_of(typed.graph.nodes(), [&](const Node& node) {
      return multiplies(node) && node_precision(typed.graph, node) == name(plan.precision);
    });
    require(any, ErrorKind::kUnsupported, "[precision] this machine has no tactic for {}", name(plan.precision));
  }
  list_fallbacks(typed, plan, [&](const Node& node) { return node_precision(typed.graph, node); });
  return typed;
}

}  // namespace fovea
