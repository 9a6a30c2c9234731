#include "image/plain_jpeg.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/io/file.h"
#include "image/exif.h"

namespace fovea {
namespace {

using std::string_view_literals::operator""sv;

constexpr int kLeastSide = 64, kMostSide = 8192;

int byte_at(std::span<const std::byte> bytes, std::size_t at) { return std::to_integer<int>(bytes[at]); }
int word_at(std::span<const std::byte> bytes, std::size_t at) {
  return byte_at(bytes, at) << 8 | byte_at(bytes, at + 1);
}

/// The frame header: baseline's, with luma sampled 1 or 2 across and down (never down alone) and chroma once.
std::optional<JpegSize> plain_frame(std::span<const std::byte> frame) {
  constexpr std::size_t kBytes = 15;
  if (frame.size() != kBytes || byte_at(frame, 0) != 8 || byte_at(frame, 5) != 3) return std::nullopt;
  const int luma = byte_at(frame, 7);
  const bool usual = luma == 0x11 || luma == 0x21 || luma == 0x22;
  const bool numbered = byte_at(frame, 6) == 1 && byte_at(frame, 9) == 2 && byte_at(frame, 12) == 3;
  if (!usual || !numbered || byte_at(frame, 10) != 0x11 || byte_at(frame, 13) != 0x11) return std::nullopt;
  const JpegSize size = {word_at(frame, 3), word_at(frame, 1)};
  if (std::min(size.width, size.height) < kLeastSide || std::max(size.width, size.height) > kMostSide)
    return std::nullopt;
  return size;
}

bool says_rgb(std::span<const std::byte> adobe) {
  return as_text(adobe).starts_with("Adobe"sv) && (adobe.size() < 12 || byte_at(adobe, 11) != 1);
}

bool within(const JpegSize& size, const DecodeLimits& limits) {
  const auto width = static_cast<std::uint64_t>(size.width), height = static_cast<std::uint64_t>(size.height);
  return std::max(width, height) <= limits.max_side && width * height <= limits.max_pixels;
}

}  // namespace

std::optional<JpegSize> plain_jpeg(std::span<const std::byte> encoded, const DecodeLimits& limits) {
  if (encoded.size() > limits.max_bytes || !as_text(encoded).starts_with("\xFF\xD8"sv)) return std::nullopt;
  std::optional<JpegSize> size;
  for (std::size_t at = 2; at + 4 <= encoded.size();) {
    if (encoded[at] != std::byte{0xFF}) return std::nullopt;
    const int marker = byte_at(encoded, at + 1);
    const auto length = static_cast<std::size_t>(word_at(encoded, at + 2));
    if (length < 2 || at + 2 + length > encoded.size()) return std::nullopt;
    const auto segment = encoded.subspan(at + 4, length - 2);
    at += 2 + length;
    const bool table = marker == 0xC4 || marker == 0xDB || marker == 0xDD || marker == 0xFE;
    if (marker == 0xC0) {
      if (size || !(size = plain_frame(segment))) return std::nullopt;
    } else if (marker == 0xDA) {
      const bool all = size && segment.size() == 10 && byte_at(segment, 0) == 3;
      const bool usable = all && within(*size, limits) && exif_orientation(jpeg_exif(encoded)) == 1;
      return usable && jpeg_complete(encoded) ? size : std::nullopt;
    } else if (marker == 0xEE ? says_rgb(segment) : !table && (marker < 0xE0 || marker > 0xEF)) {
      return std::nullopt;
    }
  }
  return std::nullopt;
}

}  // namespace fovea
