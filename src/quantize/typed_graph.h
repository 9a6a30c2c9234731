#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "passes/pass.h"
#include "passes/quantized.h"
#include "quantize/insert_quantization.h"
#include "quantize/precision.h"

namespace fovea {

/// A graph whose values have the types that a plan will run with.
struct TypedGraph {
  Graph graph;
  std::vector<PassReport> passes;   ///< those after the choice of precision
  std::vector<Fallback> fallbacks;  ///< nodes that stay wider than asked, with the reason
};

/// What the nodes of a graph are to run in.
struct PrecisionPlan {
  Precision precision = Precision::kFp32;      ///< of every node that is not widened
  Precision wide = Precision::kFp32;           ///< of the others beside int8 and fp8: fp32, fp16 or bf16
  std::map<std::string, std::string> widened;  ///< node → why it stays wide
  std::set<std::string> keep;                  ///< nodes that the user wants in f32
};

/// Everything that a graph needs to run in 8 bits (int8 or, by `form`, fp8).
struct Int8Recipe {
  Graph base;  ///< the same network, after the passes before calibration and repair
  Ranges ranges;
  QuantizeForm form;
  std::map<std::string, Tensor> weights, biases;  ///< of QuantizeOptions
};

/// Lowers a graph (after the passes before calibration) as planned, as far as the target has tactics. fp32 and bf16
/// lower `base`; int8 lowers the recipe's graph by its ranges, or by the quantize/dequantize nodes that `base` has.
/// kUnsupported for precisions that the target has no tactic for at all.
TypedGraph lower_to(const Graph& base, const PrecisionPlan& plan, const Int8Recipe& recipe, const PassContext& context);

/// The first half of lower_to: narrow floats, and 8 bits as quantize and dequantize nodes. Also for fp16 and fp8.
void set_precision(TypedGraph& typed, const PrecisionPlan& plan, const Int8Recipe& recipe, const PassContext& context);
/// Adds the nodes that multiply and are wider than `plan` wants, with the reason.
void list_fallbacks(TypedGraph& typed, const PrecisionPlan& plan,
                    const std::function<std::string(const Node&)>& runs_in);

/// As node_precision, where quantisation is explicit: behind a dequantize node it is what was stored.
std::string explicit_precision(const Graph& graph, const GraphIndex& index, const Node& node);
DType short_float(Precision precision);  ///< f16 for fp16, else bf16

}  // namespace fovea
