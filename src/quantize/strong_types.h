#pragma once

#include "quantize/typed_graph.h"

namespace fovea {

/// A graph as strongly typed runtimes want it: `base` (after the passes before calibration) in the planned precision
/// with quantisation in quantize and dequantize nodes and conversions between floats in identities. Every other node
/// has one float type: that of its data, its weights and its bias. No target is asked what it runs.
TypedGraph type_strongly(const Graph& base, const PrecisionPlan& plan, const Int8Recipe& recipe);

/// Biases of quantised layers as s32 in steps of (scale of x) · (scale of w), behind a dequantize node: the form of
/// ONNX Runtime's integer kernels. Those that don't fit stay as they are.
void quantize_biases(Graph& graph);

/// The same biases as real numbers: multiples of that step. Then every runtime adds the same integers, whether it
/// rounds biases itself or not, and what it rounds to 8 bits behind them is the same too: in a deep network one
/// number rounded otherwise early on changes answers.
void round_biases(Graph& graph);

}  // namespace fovea
