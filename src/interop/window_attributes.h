#pragma once

#include <array>

#include "interop/importer.h"

namespace fovea::interop {

/// The attributes of what slides a window over an image, or over a line (n×c×w: as an image of height 1).
/// kUnsupported where their number differs.
std::array<int, 2> pair_of(const Importer& in, std::string_view name, int otherwise);
void require_image(const Importer& in, int input);  ///< rank 4

/// ONNX pads are (top, left, bottom, right); auto_pad SAME puts the odd one at the end (UPPER) or the start (LOWER).
std::array<int, 4> pads_of(const Importer& in, const std::array<int, 2>& kernel, const std::array<int, 2>& strides,
                           const std::array<int, 2>& dilations);

/// The image or line is input 0, the filter input `filter`.
Conv2d window_fields(const Importer& in, int filter);

/// Conv, QLinearConv, ConvInteger: for images alone.
Conv2d conv_fields(const Importer& in, int filter);

}  // namespace fovea::interop
