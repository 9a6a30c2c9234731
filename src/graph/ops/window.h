#pragma once

#include <cstdint>
#include <string_view>

namespace fovea {

/// A window that slides along one axis: convolution and pooling.
struct Window {
  std::int64_t kernel = 1, stride = 1, dilation = 1, before = 0, after = 0;  ///< before, after: padding
  bool ceil_mode = false;

  std::int64_t extent() const { return (kernel - 1) * dilation + 1; }
  /// How many places it takes on `size` elements; with ceil_mode a last window that would start in the padding behind
  /// the elements is dropped (ONNX). kInvalidArgument "[op] …" when sizes make no sense or it doesn't fit once.
  std::int64_t places(std::string_view op, std::int64_t size) const;
};

/// The window along axis 2 (h) or 3 (w) of an op with kernel, strides, pads and dilations.
template <typename Type>
Window window_of(const Type& op, std::int64_t kernel, std::size_t axis) {
  return {kernel, op.strides[axis], op.dilations[axis], op.pads[axis], op.pads[axis + 2]};
}

}  // namespace fovea
