#include "image/exif.h"

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "base/io/file.h"

namespace fovea {
namespace {

using std::string_view_literals::operator""sv;
constexpr std::string_view kExifHeader = "Exif\0\0"sv;

class TiffReader {
 public:
  explicit TiffReader(std::span<const std::byte> bytes) : bytes_(bytes) {
    const std::string_view order = as_text(bytes_).substr(0, 2);
    little_ = order == "II";
    valid_ = little_ || order == "MM";
  }
  bool valid() const { return valid_; }
  /// `count` bytes at `at` as a number; 0 and invalid when outside.
  std::uint32_t number(std::size_t at, std::size_t count) {
    if (at > bytes_.size() || count > bytes_.size() - at) {
      valid_ = false;
      return 0;
    }
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const auto byte = static_cast<std::uint32_t>(bytes_[at + (little_ ? count - 1 - i : i)]);
      value = value << 8 | byte;
    }
    return value;
  }

 private:
  std::span<const std::byte> bytes_;
  bool little_ = false;
  bool valid_ = false;
};

}  // namespace

int exif_orientation(std::span<const std::byte> exif) {
  if (as_text(exif).starts_with(kExifHeader)) exif = exif.subspan(kExifHeader.size());
  if (exif.size() < 8) return 1;
  TiffReader reader(exif);
  const std::size_t directory = reader.number(4, 4);
  const std::uint32_t entries = reader.number(directory, 2);
  constexpr std::uint32_t kOrientation = 0x0112;
  constexpr std::uint32_t kShort = 3;
  constexpr std::uint32_t kLong = 4;  // not in the standard, but written
  for (std::uint32_t i = 0; reader.valid() && i < entries; ++i) {
    const std::size_t at = directory + 2 + std::size_t{12} * i;
    if (reader.number(at, 2) != kOrientation) continue;
    const std::uint32_t type = reader.number(at + 2, 2);
    const std::uint32_t value = type == kShort  ? reader.number(at + 8, 2)
                                : type == kLong ? reader.number(at + 8, 4)
                                                : 1;
    return reader.valid() && value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

bool jpeg_complete(std::span<const std::byte> jpeg) {
  constexpr auto kMark = std::byte{0xFF};
  std::size_t at = 2;
  while (at + 2 <= jpeg.size()) {
    if (jpeg[at] != kMark) {  // compressed data, or junk between segments
      at = static_cast<std::size_t>(std::find(jpeg.begin() + static_cast<std::ptrdiff_t>(at), jpeg.end(), kMark) -
                                    jpeg.begin());
      continue;
    }
    const auto marker = static_cast<unsigned>(jpeg[at + 1]);
    if (marker == 0xD9) return true;
    const bool restart = marker >= 0xD0 && marker <= 0xD8;
    if (marker == 0xFF) {
      ++at;  // fill byte
    } else if (marker <= 0x01 || restart) {
      at += 2;  // stuffed zero, or a marker without a length
    } else {
      if (at + 4 > jpeg.size()) return false;
      const auto length = static_cast<std::size_t>(jpeg[at + 2]) << 8 | static_cast<std::size_t>(jpeg[at + 3]);
      at += 2 + length;
    }
  }
  return false;
}

std::span<const std::byte> jpeg_exif(std::span<const std::byte> jpeg) {
  std::size_t at = 2;
  while (at + 4 <= jpeg.size() && jpeg[at] == std::byte{0xFF}) {
    const auto marker = static_cast<unsigned>(jpeg[at + 1]);
    if (marker == 0xFF) {  // fill byte
      ++at;
      continue;
    }
    if (marker == 0xDA || marker == 0xD9) break;  // image data: no more headers
    const std::size_t length = static_cast<std::size_t>(jpeg[at + 2]) << 8 | static_cast<std::size_t>(jpeg[at + 3]);
    if (length < 2 || at + 2 + length > jpeg.size()) break;
    const std::span<const std::byte> payload = jpeg.subspan(at + 4, length - 2);
    if (marker == 0xE1 && as_text(payload).starts_with(kExifHeader)) return payload;
    at += 2 + length;
  }
  return {};
}

}  // namespace fovea
