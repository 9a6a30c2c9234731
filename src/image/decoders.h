#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "image/decode.h"
#include "image/image.h"

namespace fovea {

/// What a decoder gives: upright is not its business, but where the orientation stands in its format is.
struct Decoded {
  Image image;
  int orientation = 1;  ///< EXIF 1–8
};

/// kInvalidArgument "[format] w × h is over the limit of …" before anything of that size is allocated; kCorruptFile for
/// a dimension of 0.
void check_dimensions(std::string_view format, std::uint64_t width, std::uint64_t height, const DecodeLimits& limits);

Decoded decode_jpeg(std::span<const std::byte> encoded, const DecodeLimits& limits, int scaled_to);
Decoded decode_png(std::span<const std::byte> encoded, const DecodeLimits& limits, int scaled_to);
Decoded decode_webp(std::span<const std::byte> encoded, const DecodeLimits& limits, int scaled_to);
Decoded decode_bmp(std::span<const std::byte> encoded, const DecodeLimits& limits, int scaled_to);

}  // namespace fovea
