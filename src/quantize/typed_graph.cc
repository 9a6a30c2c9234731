#include "quantize/typed_graph.h"

#include <algorithm>

#include "base/error.h"
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

std::string node_precision(const Graph& graph, const Node& node) {
  const Value& value = graph.value(node.inputs.at(0));
  switch (value.dtype) {
    case DType::kF32:
      return "fp32";
    case DType::kBF16:
      return "bf16";
    case DType::kF16:
      return "fp16";
    case DType::kS8:
    case DType::kU8:
      return value.quant ? "int8" : "u8";
    default:
      return std::string(name(value.dtype));
  }
}

namespace {

void lower_to_bf16(TypedGraph& typed, const PrecisionPlan& plan, const PassContext& context) {
  std::set<std::string> kept = plan.keep;
  for (const auto& [node, reason] : plan.widened) kept.insert(node);
  const std::vector<std::string> lowered =
      lower_precision(typed.graph, candidates(typed.graph, kept), DType::kBF16, context);
  require(!lowered.empty() || !plan.widened.empty(), ErrorKind::kUnsupported,
          "[precision] this machine has no tactic for bf16");
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

void lower_to_int8(TypedGraph& typed, const PrecisionPlan& plan, const Int8Recipe& recipe, const PassContext& context) {
  typed.graph = recipe.base;
  QuantizeOptions options{plan.keep, recipe.form, recipe.weights, recipe.biases};
  for (const auto& [node, reason] : plan.widened) options.keep.insert(node);
  typed.fallbacks = insert_quantization(typed.graph, recipe.ranges, options);
  std::erase_if(typed.fallbacks, [&](const Fallback& f) { return plan.widened.contains(f.node); });
  if (plan.wide == Precision::kBf16)
    lower_precision(typed.graph, apart_from_int8(typed.graph, plan), DType::kBF16, context);
}

/// Nodes that multiply and are wider than `plan` wants, with the reason.
void list_fallbacks(TypedGraph& typed, const PrecisionPlan& plan) {
  const std::string wanted(name(plan.precision));
  for (const Node& node : typed.graph.nodes()) {
    const auto widened = plan.widened.find(node.name);
    if (widened == plan.widened.end() && (!multiplies(node) || node_precision(typed.graph, node) == wanted)) continue;
    if (std::ranges::any_of(typed.fallbacks, [&](const Fallback& f) { return f.node == node.name; })) continue;
    const std::string reason = widened != plan.widened.end()   ? widened->second
                               : plan.keep.contains(node.name) ? "kept by the user"
                                                               : "no tactic runs it in " + wanted;
    typed.fallbacks.push_back({node.name, node_precision(typed.graph, node), reason});
  }
}

}  // namespace

TypedGraph lower_to(const Graph& base, const PrecisionPlan& plan, const Int8Recipe& recipe,
                    const PassContext& context) {
  TypedGraph typed;
  typed.graph = base;
  if (plan.precision == Precision::kBf16)
    lower_to_bf16(typed, plan, context);
  else if (plan.precision == Precision::kInt8 && !is_quantized(base))
    lower_to_int8(typed, plan, recipe, context);
  else
    require(plan.precision == Precision::kFp32 || plan.precision == Precision::kInt8, ErrorKind::kUnsupported,
            "[precision] the cpu backend has no tactic for {}; it has fp32, bf16 and int8", name(plan.precision));
  typed.passes = run_passes(typed.graph, passes_after_precision(), context);
  list_fallbacks(typed, plan);
  return typed;
}

}  // namespace fovea
