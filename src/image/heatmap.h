#pragma once

#include <array>
#include <span>

#include "image/image.h"

namespace fovea {

/// A number in [0, 1] as a colour: dark blue to yellow with even steps of lightness (after matplotlib's viridis, CC0).
std::array<std::uint8_t, 3> map_color(float value);

/// One channel of activations, height × width, stretched between its extremes. kInvalidArgument where the map has
/// another size.
Image feature_map_picture(std::span<const float> map, int width, int height);

/// A map (stretched between 0 and its maximum) over a photo, resized to it; where it is high the photo shows warm.
Image overlay_heatmap(const Image& photo, std::span<const float> map, int map_width, int map_height);

}  // namespace fovea
