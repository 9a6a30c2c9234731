#pragma once

#include <initializer_list>
#include <string>

#include "backend/api/tactic.h"

namespace fovea::cpu {

/// Questions that many tactics ask of a view. The answers are Support with the reason in words.
Support all_plain(const NodeView& view);
Support same_layout(
    const NodeView& view);  ///< every present, non-constant input of rank 4 and every output: one layout
Support dtypes_among(const NodeView& view, std::initializer_list<DType> allowed);  ///< activations only

std::vector<Config> one_config(const NodeView& view, const DeviceInfo& device);
Bytes pack_nothing(const NodeView& view, const Config& config, const Weights& weights);

/// Per-tensor scale and zero point; 1 and 0 where the value is not quantised.
struct Affine {
  float scale = 1;
  int zero_point = 0;
  bool operator==(const Affine&) const = default;
};
Affine affine(const OperandView& view);
bool is_8bit(DType dtype);

/// A constant as real numbers, f32.
Tensor real_values(const OperandView& view, const Tensor& stored);

/// "no" for a quantised activation that is not per tensor, or an 8-bit one without scale.
Support plain_numbers(const NodeView& view);

}  // namespace fovea::cpu
