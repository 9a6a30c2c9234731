#pragma once

#include <ATen/core/Tensor.h>

#include <span>
#include <vector>

#include "graph/graph.h"

// Internal: the only meeting of the graph's ops and LibTorch's functions.
namespace fovea::train {

using Tensors = std::vector<at::Tensor>;

struct OpContext {
  bool training = false;        ///< dropout drops; batch-norm uses the batch's statistics and updates the running ones
  bool in_place = false;        ///< the node may overwrite its first input
  double statistics_rate = -1;  ///< what a batch counts in batch-norm's running statistics; below 0: as the op says
  const Shape* out_shape = nullptr;  ///< of the first output as the graph infers it; axes 2 and 3 hold for every batch
};

/// One node on real tensors; an undefined tensor stands for an optional input that is left out.
Tensors run_op(const Op& op, std::span<const at::Tensor> inputs, const OpContext& context);

/// Whether training can go through the op (quantisation, rounding and casts to integers: no).
bool has_gradient(const Op& op);

}  // namespace fovea::train
