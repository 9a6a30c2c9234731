#pragma once

#include <ATen/core/Tensor.h>

#include <span>
#include <vector>

#include "graph/graph.h"

// Internal: the only meeting of the graph's ops and LibTorch's functions.
namespace fovea::train {

using Tensors = std::vector<at::Tensor>;

struct OpContext {
  bool training = false;  ///< dropout drops; batch-norm uses the batch's statistics and updates the running ones
  bool frozen_statistics = false;  ///< batch-norm keeps the running statistics in training too
  bool fake_quantization = false;  ///< 8-bit values stay float integers, and gradients pass
  bool whole_pairs = false;        ///< with it: quantize hands its input on, and its dequantize nodes round it
  DType stored = DType::kS8;       ///< then: what quantize makes
  bool in_place = false;           ///< the node may overwrite its first input
  double statistics_rate = -1;     ///< what a batch counts in batch-norm's running statistics; below 0: as the op says
  const Shape* out_shape = nullptr;  ///< of the first output as the graph infers it; axes 2 and 3 hold for every batch
};

/// One node on real tensors; an undefined tensor stands for an optional input that is left out. With
/// `fake_quantization` the gradient goes straight through the rounding (Bengio et al. 2013), is zero where quantize
/// saturates, and reaches scales as in LSQ (Esser et al. 2020).
Tensors run_op(const Op& op, std::span<const at::Tensor> inputs, const OpContext& context);

/// Whether training can go through the op (rounding and casts to integers: no; quantisation: as run_op says).
bool has_gradient(const Op& op);

}  // namespace fovea::train
