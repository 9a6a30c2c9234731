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

TypedGraph lower_to(const Graph& base, Precision precision, const Ranges& ranges, const std::set<std::string>& keep,
                    const PassContext& context) {
  TypedGraph typed;
  typed.graph = base;
  if (precision == Precision::kBf16) {
    const std::vector<std::string> lowered =
        lower_precision(typed.graph, candidates(base, keep), DType::kBF16, context);
    require(!lowered.empty(), ErrorKind::kUnsupported, "[precision] this machine has no tactic for bf16");
  } else if (precision == Precision::kInt8) {
    if (!is_quantized(base)) {
      QuantizeOptions options;
      options.keep = keep;
      typed.fallbacks = insert_quantization(typed.graph, ranges, options);
    }
  } else if (precision != Precision::kFp32) {
    fail(ErrorKind::kUnsupported, "[precision] the cpu backend has no tactic for {}; it has fp32, bf16 and int8",
         name(precision));
  }
  typed.passes = run_passes(typed.graph, passes_after_precision(), context);
  const std::string wanted(name(precision));
  for (const Node& node : typed.graph.nodes()) {
    if (!multiplies(node) || node_precision(typed.graph, node) == wanted) continue;
    const bool listed = std::ranges::any_of(typed.fallbacks, [&](const Fallback& f) { return f.node == node.name; });
    if (!listed)
      typed.fallbacks.push_back({node.name, node_precision(typed.graph, node),
                                 keep.contains(node.name) ? "kept by the user" : "no tactic runs it in " + wanted});
  }
  return typed;
}

}  // namespace fovea
