#include "image/heatmap.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace fovea {
namespace {

/// Nine points of viridis; colours between them are interpolated.
constexpr std::array<std::array<float, 3>, 9> kColors = {{{68, 1, 84},
                                                          {71, 44, 122},
                                                          {59, 81, 139},
                                                          {44, 113, 142},
                                                          {33, 144, 141},
                                                          {39, 173, 129},
                                                          {92, 200, 99},
                                                          {170, 220, 50},
                                                          {253, 231, 37}}};

/// Bilinear reading of a map at half-pixel centres.
float sample(std::span<const float> map, int width, int height, float x, float y) {
  const float fx = std::clamp(x - 0.5F, 0.0F, static_cast<float>(width - 1));
  const float fy = std::clamp(y - 0.5F, 0.0F, static_cast<float>(height - 1));
  const int x0 = static_cast<int>(fx);
  const int y0 = static_cast<int>(fy);
  const int x1 = std::min(x0 + 1, width - 1);
  const int y1 = std::min(y0 + 1, height - 1);
  const auto at = [&](int column, int row) {
    return map[static_cast<std::size_t>(row) * static_cast<std::size_t>(width) + static_cast<std::size_t>(column)];
  };
  const float top = std::lerp(at(x0, y0), at(x1, y0), fx - static_cast<float>(x0));
  const float bottom = std::lerp(at(x0, y1), at(x1, y1), fx - static_cast<float>(x0));
  return std::lerp(top, bottom, fy - static_cast<float>(y0));
}

void check_map(std::span<const float> map, int width, int height) {
  require(width > 0 && height > 0 && map.size() == static_cast<std::size_t>(width) * static_cast<std::size_t>(height),
          ErrorKind::kInvalidArgument, "[heatmap] {} values for {} × {}", map.size(), width, height);
}

}  // namespace

std::array<std::uint8_t, 3> map_color(float value) {
  const float place = std::clamp(std::isfinite(value) ? value : 0.0F, 0.0F, 1.0F) * (kColors.size() - 1);
  const auto below = std::min(static_cast<std::size_t>(place), kColors.size() - 2);
  std::array<std::uint8_t, 3> color = {};
  for (std::size_t c = 0; c < 3; ++c)
    color[c] = static_cast<std::uint8_t>(
        std::lround(std::lerp(kColors[below][c], kColors[below + 1][c], place - static_cast<float>(below))));
  return color;
}

Image feature_map_picture(std::span<const float> map, int width, int height) {
  check_map(map, width, height);
  const auto [low, high] = std::ranges::minmax(map);
  const float span = high > low ? high - low : 1;
  Image picture(width, height);
  for (std::size_t i = 0; i < map.size() && i * 3 < picture.pixels.size(); ++i)
    std::ranges::copy(map_color((map[i] - low) / span), picture.pixels.begin() + static_cast<std::ptrdiff_t>(i) * 3);
  return picture;
}

Image overlay_heatmap(const Image& photo, std::span<const float> map, int map_width, int map_height) {
  check_map(map, map_width, map_height);
  const float most = std::max(1e-12F, *std::ranges::max_element(map));
  Image made = photo;
  for (int y = 0; y < photo.height; ++y) {
    for (int x = 0; x < photo.width; ++x) {
      const float mx = (static_cast<float>(x) + 0.5F) * static_cast<float>(map_width) / static_cast<float>(photo.width);
      const float my =
          (static_cast<float>(y) + 0.5F) * static_cast<float>(map_height) / static_cast<float>(photo.height);
      const float heat = std::clamp(sample(map, map_width, map_height, mx, my) / most, 0.0F, 1.0F);
      const std::array<std::uint8_t, 3> color = map_color(heat);
      const float weight = 0.25F + 0.4F * heat;
      for (std::size_t c = 0; c < 3; ++c)
        made.at(x, y)[c] = static_cast<std::uint8_t>(
            std::lerp(static_cast<float>(made.at(x, y)[c]), static_cast<float>(color[c]), weight));
    }
  }
  return made;
}

}  // namespace fovea
