#pragma once

#include <array>

#include "graph/op_support.h"

namespace fovea {

enum class ResizeKind : std::uint8_t { kNearest, kLinear, kCubic };
inline constexpr std::array<std::string_view, 3> kResizeKindNames = {"nearest", "linear", "cubic"};
constexpr std::span<const std::string_view> enum_names(ResizeKind) { return kResizeKindNames; }

/// Where an output element lies on the input's axis; ONNX's coordinate_transformation_mode.
enum class ResizePlace : std::uint8_t { kHalfPixel, kHalfPixelSymmetric, kPytorch, kAlignCorners, kAsymmetric, kCrop };
inline constexpr std::array<std::string_view, 6> kResizePlaceNames = {
    "half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric", "tf_crop_and_resize"};
constexpr std::span<const std::string_view> enum_names(ResizePlace) { return kResizePlaceNames; }

enum class ResizeRounding : std::uint8_t { kPreferFloor, kPreferCeil, kFloor, kCeil };
inline constexpr std::array<std::string_view, 4> kResizeRoundingNames = {"round_prefer_floor", "round_prefer_ceil",
                                                                         "floor", "ceil"};
constexpr std::span<const std::string_view> enum_names(ResizeRounding) { return kResizeRoundingNames; }

/// Interpolation along each axis by itself, as ONNX Resize (opset 19) defines it. Of `scales` and `sizes` at least one
/// has an entry per axis: sizes (0: as the input) are the output's shape, else ⌊dimension · scale⌋ is; scales place the
/// elements, else the ratio of the sizes does.
struct Resize {
  ResizeKind mode = ResizeKind::kNearest;
  ResizePlace place = ResizePlace::kHalfPixel;
  ResizeRounding rounding = ResizeRounding::kPreferFloor;  ///< of nearest
  std::vector<float> scales;
  std::vector<std::int64_t> sizes;
  float cubic_a = -0.75F;
  bool exclude_outside = false;  ///< weights outside the input count for nothing (else its edge is repeated)
  bool antialias = false;        ///< linear and cubic: a wider window when the output is smaller
  std::vector<float> roi;        ///< tf_crop_and_resize: starts, then ends, as fractions of the axes
  float outside = 0;             ///< tf_crop_and_resize: what stands outside the input
  bool operator==(const Resize&) const = default;
};

template <typename Visitor>
void visit_attributes(Resize& op, Visitor&& visit) {
  visit("mode", op.mode);
  visit("place", op.place);
  visit("rounding", op.rounding);
  visit("scales", op.scales);
  visit("sizes", op.sizes);
  visit("cubic_a", op.cubic_a);
  visit("exclude_outside", op.exclude_outside);
  visit("antialias", op.antialias);
  visit("roi", op.roi);
  visit("outside", op.outside);
}

FOVEA_OP(Resize, "resize")

/// What one axis of an input of shape x is multiplied with: f32 [out, in]; empty where the axis stays as it is.
/// kUnsupported where elements outside the input get a value of their own.
Tensor resize_weights(const Resize& op, const Shape& x, int axis);

}  // namespace fovea
