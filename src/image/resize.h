#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "image/image.h"
#include "image/preprocess.h"

namespace fovea {

/// A rectangle of the source in its pixels (fractions allowed, inside the image) and the size that it becomes.
struct ResizeBox {
  double x = 0, y = 0, width = 0, height = 0;
  std::int64_t out_width = 0, out_height = 0;
};

/// The part of the resized box that is wanted; nothing outside it is computed or stored.
struct CropWindow {
  std::int64_t x = 0, y = 0;
  int width = 0, height = 0;
};

inline constexpr int kWeightBits = 22;  ///< of a weight: 8 of a pixel, 2 for overshoot and sign, 32 in all

/// For every output position along one axis: which source positions it reads and with which weights.
struct Taps {
  struct Position {
    int first = 0;
    int count = 0;
    std::size_t weights = 0;
  };
  std::vector<Position> positions;
  std::vector<std::int32_t> weights;
  int begin() const { return positions.front().first; }
  int end() const {
    int last = 0;
    for (const Position& position : positions) last = std::max(last, position.first + position.count);
    return last;
  }
};

/// One axis of a resize.
struct Axis {
  int size;            ///< of the source
  double start, span;  ///< of the box
  std::int64_t out;    ///< what the box becomes
  std::int64_t from;   ///< first output position wanted
  int count;           ///< how many
};
/// The weights of resize(), in fixed point: what another device needs to compute the same pixels.
Taps make_taps(const Axis& axis, ResizeFilter filter, bool antialias);

/// Separable resampling in 8-bit fixed point, horizontal then vertical, as Pillow up to 11.3 does it (agreement within
/// one level): weights at half-pixel centres, the filter's support stretched by the reduction where `antialias` is set.
/// Output: RGB, window.height × window.width × 3. kInvalidArgument for a box outside the image. On the caller's thread.
void resize(const ImageView& image, const ResizeBox& box, const CropWindow& window, ResizeFilter filter, bool antialias,
            std::span<std::uint8_t> rgb);

/// All of a box: what a random crop needs.
void resize_region(const ImageView& image, double x, double y, double width, double height, int out_width,
                   int out_height, ResizeFilter filter, bool antialias, std::span<std::uint8_t> rgb);

/// The whole image.
Image resized(const Image& image, int width, int height, ResizeFilter filter = ResizeFilter::kBilinear,
              bool antialias = true);

}  // namespace fovea
