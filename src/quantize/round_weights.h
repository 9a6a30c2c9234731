#pragma once

#include <map>
#include <string>

#include "quantize/divergence.h"
#include "quantize/typed_graph.h"

namespace fovea {

/// Inputs of layers, as rows of what one output sees (c/groups · r · s numbers of one group): by node.
struct LayerInputs {
  std::size_t rows = 0;
  std::vector<float> columns;  ///< [group][element of the row][row]: what a weight multiplies lies together
};

/// Runs `images` through the recipe's graph in fp32 and draws at most `rows` places per layer.
std::map<std::string, LayerInputs> sample_inputs(const Int8Recipe& recipe, const OptimizeTarget& target,
                                                 const Divergence& images, std::size_t rows);

/// Adaptive rounding by sequential least squares: GPFQ (Lybrand & Saab, "A greedy algorithm for quantizing neural
/// networks", JMLR 2021) with each weight's choice restricted to its two neighbours, as in AdaRound (Nagel et al., ICML
/// 2020). For one output channel, weights w in units of the scale: u ← 0; for t in order: q_t = whichever of ⌊w_t⌋,
/// ⌈w_t⌉ is nearer to ⟨x_t, u + w_t·x_t⟩ / ‖x_t‖²; u ← u + (w_t − q_t)·x_t. Thus the error of the sum over the sampled
/// inputs stays small, not that of each weight. The inner product is shrunk by m / (m + 2t), m sampled inputs: what t
/// earlier errors add up to by chance in m numbers says nothing of other inputs. Gives s8 values in steps of
/// quantize_weight's scales, by node.
std::map<std::string, Tensor> rounded_weights(const Int8Recipe& recipe,
                                              const std::map<std::string, LayerInputs>& inputs);

}  // namespace fovea
