#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "quantize/ranges.h"

namespace fovea {

struct QuantizeOptions {
  std::set<std::string> keep;  ///< names of nodes that stay in float
  bool per_channel = true;     ///< weights: one scale per output channel, else per tensor
};

/// A node that stays wider than asked, with the reason.
struct Fallback {
  std::string node, precision, reason;
};

/// Makes quantisation explicit (quantize/dequantize pairs, as ONNX): at the activations and weights of every
/// convolution, gemm and constant matmul whose ranges are known, at residual inputs, and through pooling, concat, add
/// and reshapes, so that the folding pass can turn them into 8-bit ops. Activations: u8 from 0 where nothing is
/// negative, else symmetric s8. Weights: symmetric s8, per output channel. What can't be quantised is left in float and
/// listed.
std::vector<Fallback> insert_quantization(Graph& graph, const Ranges& ranges, const QuantizeOptions& options);

}  // namespace fovea
