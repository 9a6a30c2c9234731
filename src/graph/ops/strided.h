#pragma once

#include <cstdint>
#include <vector>

#include "tensor/tensor.h"

namespace fovea {

/// Elements between neighbours along each axis of a dense row-major tensor.
std::vector<std::int64_t> dense_strides(const Shape& shape);

/// A dense tensor of `shape` whose element at index i is x's at offset + Σ i[axis] · strides[axis]; any dtype.
/// Transpose, slice, split and broadcast are this with other strides (0 repeats, negative goes backwards).
Tensor strided_copy(const Tensor& x, const Shape& shape, std::int64_t offset, const std::vector<std::int64_t>& strides);

/// x repeated to `shape`, to which it broadcasts.
Tensor broadcast_to(const Tensor& x, const Shape& shape);

/// Sizes before, at and behind an axis: a tensor as [outer, size, inner].
struct AxisView {
  std::int64_t outer = 1, size = 1, inner = 1;
};
AxisView axis_view(const Shape& shape, int axis);

}  // namespace fovea
