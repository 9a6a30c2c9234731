#pragma once

#include <ATen/core/Tensor.h>

#include <optional>

#include "graph/ops/quantize.h"

// Internal: quantize and dequantize in LibTorch. `fake`: for training; integers stay float, gradients go straight
// through the rounding (Bengio et al. 2013), and those of scales are balanced with the weights' (Esser et al., ICLR
// 2020).
namespace fovea::train {

at::Tensor quantized(const Quantize& op, const at::Tensor& x, const at::Tensor& scale,
                     const std::optional<at::Tensor>& zero, bool fake);
at::Tensor dequantized(const Dequantize& op, const at::Tensor& stored, const at::Tensor& scale,
                       const std::optional<at::Tensor>& zero, bool fake);

/// dequantized(quantized(x)) at once, for training: one pass over memory forwards and one backwards instead of a dozen.
at::Tensor rounded(DType stored, int axis, const at::Tensor& x, const at::Tensor& scale,
                   const std::optional<at::Tensor>& zero);

}  // namespace fovea::train
