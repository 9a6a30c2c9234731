#pragma once

#include <optional>
#include <span>

#include "image/decode.h"

namespace fovea {

struct JpegSize {
  int width, height;
};

/// The size of a JPEG that every decoder reads alike: baseline with one scan, three 8-bit components as YCbCr in 4:4:4,
/// 4:2:2 or 4:2:0, sides of 64 to 8192, upright, up to its end-of-image marker, within the limits. Anything else is for
/// decode(), which also says what is wrong with it. Reads headers and markers only (ITU-T T.81, annex B). Thread-safe.
std::optional<JpegSize> plain_jpeg(std::span<const std::byte> encoded, const DecodeLimits& limits = {});

}  // namespace fovea
