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

/// Per-tensor scale and zero point; 1 and 0 where the value is not quantised.
struct Affine {
  float scale = 1;
  int zero_point = 0;
  bool operator==(const Affine&) const = default;
};
Affine affine(const OperandView& view);

/// stored_out = stored_in · factor + offset stands for the same real number.
struct Rescale {
  float factor = 1, offset = 0;
};
Rescale rescale(const OperandView& from, const OperandView& to);

/// The elements of both lie in the same order in memory: equal layouts, or layouts that are equal at these shapes
/// (1×1 images, one channel). Shapes may differ where both are in row-major order.
bool same_order(const OperandView& a, const OperandView& b);
bool padded(const OperandView& view);                   ///< blocked16 with channels that are no multiple of 16
std::int64_t stored_elements(const OperandView& view);  ///< padding counts

/// "no" for a quantised activation that is not per tensor, or an 8-bit one without scale.
Support plain_numbers(const NodeView& view);

}  // namespace fovea::cpu
