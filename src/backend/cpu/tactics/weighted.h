#pragma once

#include "backend/api/tactic.h"

namespace fovea::cpu {

/// What convolution and the fully connected layer share: constant weights with one scale per output channel.
/// "no" unless x and w are a pair that is multiplied exactly here: floats, or 8 bits with symmetric s8 weights.
Support weights_fit(const OperandView& x, const OperandView& w, int channel_axis);

/// Scales that turn accumulated integers into the epilogue's units, one per output channel: s_x · s_w[k] / divisor.
std::vector<float> accumulator_scales(const OperandView& x, const OperandView& w, std::int64_t channels, float divisor);

/// Tensor of f32, one dimension.
Tensor row(const std::vector<float>& values);

}  // namespace fovea::cpu
