#pragma once

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

/// Lowers `base` (after the passes before calibration) to one precision, as far as the target has tactics: fp32, bf16,
/// or int8 by `ranges` (none: the quantize/dequantize nodes that the model has). `keep`: nodes that stay in f32.
/// kUnsupported for precisions that the target has no tactic for at all.
TypedGraph lower_to(const Graph& base, Precision precision, const Ranges& ranges, const std::set<std::string>& keep,
                    const PassContext& context);

/// "fp32", "bf16", "int8", …: the type of a node's first data input.
std::string node_precision(const Graph& graph, const Node& node);

}  // namespace fovea
