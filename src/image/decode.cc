#include "image/decode.h"

#include <algorithm>
#include <string_view>

#include "base/error.h"
#include "base/io/file.h"
#include "base/memory_error.h"
#include "image/decoders.h"
#include "image/orient.h"

namespace fovea {
namespace {

using std::string_view_literals::operator""sv;

struct Format {
  std::string_view magic;
  std::size_t at;
  Decoded (*decode)(std::span<const std::byte>, const DecodeLimits&, int);
};

constexpr Format kFormats[] = {{"\xFF\xD8\xFF"sv, 0, decode_jpeg},
                               {"\x89PNG\r\n\x1a\n"sv, 0, decode_png},
                               {"WEBP"sv, 8, decode_webp},
                               {"BM"sv, 0, decode_bmp}};

}  // namespace

void check_dimensions(std::string_view format, std::uint64_t width, std::uint64_t height, const DecodeLimits& limits) {
  require(width > 0 && height > 0, ErrorKind::kCorruptFile, "[{}] the image is {} × {}", format, width, height);
  require(width <= limits.max_pixels && height <= limits.max_pixels / width, ErrorKind::kInvalidArgument,
          "[{}] the image has {} × {} pixels, the limit is {}", format, width, height, limits.max_pixels);
  require(std::max(width, height) <= std::min<std::uint64_t>(limits.max_side, 1U << 30), ErrorKind::kInvalidArgument,
          "[{}] the image is {} × {}, the limit of a side is {}", format, width, height, limits.max_side);
}

int channels(PixelFormat format) {
  switch (format) {
    case PixelFormat::kGray:
      return 1;
    case PixelFormat::kRgb:
    case PixelFormat::kBgr:
      return 3;
    case PixelFormat::kRgba:
    case PixelFormat::kBgra:
      return 4;
  }
  return 3;
}

Image decode(std::span<const std::byte> encoded, const DecodeLimits& limits, int scaled_to) {
  require(encoded.size() <= limits.max_bytes, ErrorKind::kInvalidArgument, "[image] {} bytes, the limit is {}",
          encoded.size(), limits.max_bytes);
  const std::string_view text = as_text(encoded);
  for (const Format& format : kFormats) {
    if (text.size() < format.at + format.magic.size() || text.substr(format.at, format.magic.size()) != format.magic)
      continue;
    return with_memory_errors("image", [&] {
      Decoded decoded = format.decode(encoded, limits, scaled_to);
      return upright(std::move(decoded.image), decoded.orientation);
    });
  }
  fail(ErrorKind::kUnsupported, "[image] {}: expected JPEG, PNG, WebP or BMP",
       encoded.empty() ? "the file is empty" : "the format is unknown");
}

}  // namespace fovea
