#pragma once

#include <cstdint>
#include <span>

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
