#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "image/image.h"

namespace fovea {

/// Checked against the file's header before anything is allocated.
struct DecodeLimits {
  std::uint64_t max_bytes = std::uint64_t{256} << 20;
  std::uint64_t max_pixels = 100'000'000;
  std::uint64_t max_side = 65535;  ///< JPEG's own; a longer strip would make resizing slow and large
};

/// JPEG, PNG, WebP or BMP (by content, not by name) to upright RGB: EXIF orientation applied, alpha dropped as
/// Pillow's convert("RGB") does, grey and CMYK/YCCK converted, 16-bit narrowed; the first frame of an animation.
/// `scaled_to` > 0 lets JPEG decode at 1/2, 1/4 or 1/8 as long as the short side stays ≥ scaled_to (spec's
/// scaled_decode). kCorruptFile (also truncated data), kUnsupported (another format), kInvalidArgument (over a limit),
/// kOutOfMemory. Thread-safe.
Image decode(std::span<const std::byte> encoded, const DecodeLimits& limits = {}, int scaled_to = 0);

}  // namespace fovea
