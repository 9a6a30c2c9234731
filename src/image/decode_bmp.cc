// Windows bitmaps: no library that Debian packages reads them alone. Layout: BITMAPFILEHEADER and the BITMAPINFOHEADER
// family as Microsoft documents them ("Bitmap Storage").
#include <algorithm>
#include <array>
#include <bit>
#include <vector>

#include "base/error.h"
#include "image/decoders.h"

namespace fovea {
namespace {

enum Compression : std::uint32_t { kNone = 0, kRle8 = 1, kRle4 = 2, kBitfields = 3, kAlphaBitfields = 6 };

class Reader {
 public:
  explicit Reader(std::span<const std::byte> bytes) : bytes_(bytes) {}
  std::uint32_t number(std::size_t at, std::size_t count) const {
    require(at <= bytes_.size() && count <= bytes_.size() - at, ErrorKind::kCorruptFile, "[bmp] the file ends early");
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < count; ++i) value |= static_cast<std::uint32_t>(bytes_[at + i]) << (8 * i);
    return value;
  }
  std::uint8_t byte(std::size_t at) const { return static_cast<std::uint8_t>(number(at, 1)); }
  std::size_t size() const { return bytes_.size(); }

 private:
  std::span<const std::byte> bytes_;
};

struct Bitmap {
  Reader reader;
  int width = 0, height = 0;
  bool top_down = false;
  unsigned bits = 0;
  std::uint32_t compression = kNone;
  std::size_t data = 0;  ///< where the pixels start
  std::array<std::uint32_t, 3> masks = {0, 0, 0};
  std::vector<std::array<std::uint8_t, 3>> palette;

  int row(int y) const { return top_down ? y : height - 1 - y; }
  const std::array<std::uint8_t, 3>& color(unsigned index) const {
    require(index < palette.size(), ErrorKind::kCorruptFile, "[bmp] color {} of a palette of {}", index,
            palette.size());
    return palette[index];
  }
};

void read_palette(Bitmap& bmp, std::size_t at, std::size_t entry_bytes, std::uint32_t colors) {
  const std::uint32_t most = 1U << bmp.bits;
  const std::uint32_t count = colors == 0 || colors > most ? most : colors;
  for (std::uint32_t i = 0; i < count && at + entry_bytes <= bmp.data; ++i, at += entry_bytes)
    bmp.palette.push_back({bmp.reader.byte(at + 2), bmp.reader.byte(at + 1), bmp.reader.byte(at)});
}

Bitmap read_header(std::span<const std::byte> encoded, const DecodeLimits& limits) {
  Bitmap bmp{.reader = Reader(encoded), .palette = {}};
  const Reader& in = bmp.reader;
  bmp.data = in.number(10, 4);
  const std::uint32_t header = in.number(14, 4);
  require(header == 12 || (header >= 40 && header <= 1024), ErrorKind::kUnsupported, "[bmp] header of {} bytes",
          header);
  std::uint32_t colors = 0;
  if (header == 12) {
    check_dimensions("bmp", in.number(18, 2), in.number(20, 2), limits);
    bmp.width = static_cast<int>(in.number(18, 2));
    bmp.height = static_cast<int>(in.number(20, 2));
    bmp.bits = in.number(24, 2);
  } else {
    const auto height = std::bit_cast<std::int32_t>(in.number(22, 4));
    bmp.top_down = height < 0;
    const auto rows = static_cast<std::uint64_t>(std::abs(std::int64_t{height}));
    require(in.number(18, 4) < 0x80000000U, ErrorKind::kCorruptFile, "[bmp] the width is negative");
    check_dimensions("bmp", in.number(18, 4), rows, limits);
    bmp.width = static_cast<int>(in.number(18, 4));
    bmp.height = static_cast<int>(rows);
    bmp.bits = in.number(28, 2);
    bmp.compression = in.number(30, 4);
    colors = in.number(46, 4);
  }
  const bool masked = bmp.compression == kBitfields || bmp.compression == kAlphaBitfields;
  if (bmp.bits == 16) bmp.masks = {0x7C00, 0x03E0, 0x001F};
  if (bmp.bits == 32) bmp.masks = {0x00FF0000, 0x0000FF00, 0x000000FF};
  if (masked)
    for (std::size_t i = 0; i < 3; ++i) bmp.masks[i] = in.number(54 + 4 * i, 4);
  const std::size_t palette = 14 + header + (masked && header == 40 ? 12U : 0U);
  // Some writers name the palette's place as the pixels': the pixels stand behind it.
  const std::uint32_t most = 1U << std::min(bmp.bits, 8U);
  if (bmp.bits <= 8 && bmp.data == palette)
    bmp.data += std::size_t{header == 12 ? 3U : 4U} * (colors == 0 || colors > most ? most : colors);
  if (bmp.bits <= 8) read_palette(bmp, palette, header == 12 ? 3 : 4, colors);
  return bmp;
}

/// A masked field stretched to 0…255.
std::uint8_t field(std::uint32_t pixel, std::uint32_t mask) {
  if (mask == 0) return 0;
  const int shift = std::countr_zero(mask);
  const std::uint64_t most = mask >> shift;
  return static_cast<std::uint8_t>((std::uint64_t{(pixel & mask) >> shift} * 255 + most / 2) / most);
}

void read_rows(const Bitmap& bmp, Image& image) {
  const std::size_t stride = (static_cast<std::size_t>(bmp.width) * bmp.bits + 31) / 32 * 4;
  for (int y = 0; y < bmp.height; ++y) {
    const std::size_t start = bmp.data + stride * static_cast<std::size_t>(y);
    std::uint8_t* to = image.at(0, bmp.row(y));
    for (int x = 0; x < bmp.width; ++x, to += 3) {
      const auto column = static_cast<std::size_t>(x);
      if (bmp.bits <= 8) {
        const unsigned per_byte = 8 / bmp.bits;
        const unsigned shift = 8 - bmp.bits * (static_cast<unsigned>(x) % per_byte + 1);
        const unsigned index = (unsigned{bmp.reader.byte(start + column / per_byte)} >> shift) & ((1U << bmp.bits) - 1);
        std::copy_n(bmp.color(index).begin(), 3, to);
      } else if (bmp.bits == 24) {
        const std::uint32_t pixel = bmp.reader.number(start + column * 3, 3);
        to[0] = static_cast<std::uint8_t>(pixel >> 16);
        to[1] = static_cast<std::uint8_t>(pixel >> 8);
        to[2] = static_cast<std::uint8_t>(pixel);
      } else {
        const std::uint32_t pixel = bmp.reader.number(start + column * bmp.bits / 8, bmp.bits / 8);
        for (std::size_t c = 0; c < 3; ++c) to[c] = field(pixel, bmp.masks[c]);
      }
    }
  }
}

/// Run-length pairs: (count, color), or (0, escape): 0 end of row, 1 end of bitmap, 2 jump, n ≥ 3 literal pixels.
void read_runs(const Bitmap& bmp, Image& image) {
  const bool nibbles = bmp.compression == kRle4;
  std::size_t at = bmp.data;
  int x = 0;
  int y = 0;
  const auto put = [&](unsigned index) {
    require(y < bmp.height, ErrorKind::kCorruptFile, "[bmp] the runs pass the end of the image");
    if (x >= bmp.width) return;  // a run may pass the end of its row: what does not fit is dropped, as elsewhere
    std::copy_n(bmp.color(index).begin(), 3, image.at(x++, bmp.row(y)));
  };
  const auto pick = [&](unsigned byte, unsigned i) { return nibbles ? (i % 2 == 0 ? byte >> 4 : byte & 15U) : byte; };
  while (true) {
    const unsigned count = bmp.reader.byte(at);
    const unsigned value = bmp.reader.byte(at + 1);
    at += 2;
    if (count > 0) {
      for (unsigned i = 0; i < count; ++i) put(pick(value, i));
    } else if (value == 0) {
      x = 0;
      y = std::min(y + 1, bmp.height);
    } else if (value == 1) {
      return;
    } else if (value == 2) {
      x = std::min(x + bmp.reader.byte(at), bmp.width);
      y = std::min(y + bmp.reader.byte(at + 1), bmp.height);
      at += 2;
    } else {
      for (unsigned i = 0; i < value; ++i) put(pick(bmp.reader.byte(at + (nibbles ? i / 2 : i)), i));
      const std::size_t bytes = nibbles ? (value + 1) / 2 : value;
      at += bytes + bytes % 2;
    }
  }
}

}  // namespace

Decoded decode_bmp(std::span<const std::byte> encoded, const DecodeLimits& limits, int) {
  const Bitmap bmp = read_header(encoded, limits);
  const bool runs = (bmp.compression == kRle8 && bmp.bits == 8) || (bmp.compression == kRle4 && bmp.bits == 4);
  const bool masked = bmp.compression == kBitfields || bmp.compression == kAlphaBitfields;
  const bool rows = (bmp.compression == kNone && (bmp.bits == 1 || bmp.bits == 4 || bmp.bits == 8 || bmp.bits == 16 ||
                                                  bmp.bits == 24 || bmp.bits == 32)) ||
                    (masked && (bmp.bits == 16 || bmp.bits == 32));
  require(runs || rows, ErrorKind::kUnsupported, "[bmp] {} bits per pixel with compression {}", bmp.bits,
          bmp.compression);
  // A row needs its bytes; runs can say much with little, so they are bounded by the pixel limit alone.
  const std::uint64_t needed =
      (static_cast<std::uint64_t>(bmp.width) * bmp.bits + 31) / 32 * 4 * static_cast<std::uint64_t>(bmp.height);
  require(runs || (bmp.data <= encoded.size() && needed <= encoded.size() - bmp.data + 3), ErrorKind::kCorruptFile,
          "[bmp] the file ends early: {} bytes of pixels expected", needed);
  Decoded decoded;
  decoded.image = Image(bmp.width, bmp.height);
  if (runs)
    read_runs(bmp, decoded.image);
  else
    read_rows(bmp, decoded.image);
  return decoded;
}

}  // namespace fovea
