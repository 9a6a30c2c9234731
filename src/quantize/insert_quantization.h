#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "quantize/ranges.h"

namespace fovea {

/// What quantised numbers are. kSigned: s8 around 0 everywhere, as GPUs take them; kFloat8: FP8 E4M3, ranges end at 448
/// steps.
enum class QuantizedNumbers { kInteger, kSigned, kFloat8 };

/// Form of the quantised numbers.
struct QuantizeForm {
  bool per_channel = true;  ///< weights: one scale per output channel, else per tensor
  bool asymmetric = false;  ///< activations with negative values: u8 with a zero point, else symmetric s8
  QuantizedNumbers numbers = QuantizedNumbers::kInteger;
  bool tie_free = false;  ///< scales such that no sum lies between two steps (quantize/avoid_ties.h)
  bool operator==(const QuantizeForm&) const = default;
};

struct QuantizeOptions {
  std::set<std::string> keep;  ///< names of nodes that stay in float
  QuantizeForm form;
  /// By node: what repair (quantize/repair.h) found better than the plain rounding of the weights, and the bias that
  /// goes with quantised weights.
  std::map<std::string, Tensor> weights;  ///< s8, of the weight's shape, in steps of quantize_weight's scales
  std::map<std::string, Tensor> biases;   ///< f32, [output channels]
};

struct QuantizedWeight {
  Tensor values;  ///< s8 or f8
  Tensor scales;  ///< f32, [channels] or scalar
};

/// Every scale of a graph that runs in 8 bits as far as it can.
struct Grid {
  struct Activation {
    Range range;
    float scale = 1;
  };
  std::map<std::string, Activation> activations;      ///< by value name
  std::map<std::string, std::vector<float>> weights;  ///< by node: one per channel, or one
};
Grid grid_of(const Graph& graph, const Ranges& ranges, const QuantizeForm& form);

/// So that the largest magnitude is 127 steps (FP8: 448), by channel or of all; zeros get 1. `axis`: along which output
/// channels lie.
std::vector<float> weight_scales(const Tensor& weight, int axis, const QuantizeForm& form);
/// Symmetric, ±127, nearest even.
QuantizedWeight quantize_weight(const Tensor& weight, int axis, const std::vector<float>& scales);
/// The same in FP8 E4M3, ±448.
QuantizedWeight quantize_weight_float8(const Tensor& weight, int axis, const std::vector<float>& scales);
/// Axis of a convolution's, gemm's or matmul's weight along which its output channels lie.
int channel_axis(const Node& node);
/// A convolution, gemm or matmul with constant weights that 8 bits can run.
bool is_quantizable(const Graph& graph, const Node& node);

/// A node that stays wider than asked, with the reason.
struct Fallback {
  std::string node, precision, reason;
};

/// Makes quantisation explicit (quantize/dequantize pairs, as ONNX): at the activations and weights of every
/// convolution, gemm and constant matmul whose ranges are known, at residual inputs, and through pooling, concat, add
/// and reshapes, so that the folding pass can turn them into 8-bit ops. Activations: u8 from 0 where nothing is
/// negative, else as `form` says. Weights: symmetric s8. What can't be quantised is left in float and
/// listed.
std::vector<Fallback> insert_quantization(Graph& graph, const Ranges& ranges, const QuantizeOptions& options);

}  // namespace fovea
