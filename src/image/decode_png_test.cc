#include <png.h>

#include <zlib.h>

#include "image/decode.h"
#include "image/encode.h"
#include "image/test_pattern.h"
#include "testing/thrown.h"

namespace fovea {
namespace {

void chunk(Bytes& png, std::string_view type, const Bytes& payload) {
  append(png, static_cast<std::uint32_t>(payload.size()), 4, true);
  const std::size_t from = png.size();
  append(png, as_bytes(type));
  append(png, payload);
  const uLong sum = crc32(0, reinterpret_cast<const Bytef*>(png.data() + from), static_cast<uInt>(png.size() - from));
  append(png, static_cast<std::uint32_t>(sum), 4, true);
}

struct Png {
  std::uint32_t width = 0, height = 0, depth = 8, color = PNG_COLOR_TYPE_RGB, interlaced = 0;
  Bytes rows;  ///< filter byte and pixels of each row, of all passes in turn
  std::vector<std::pair<std::string, Bytes>> before = {}, behind = {};
};

Bytes written(const Png& picture) {
  Bytes png;
  append(png, as_bytes("\x89PNG\r\n\x1a\n"));
  Bytes header;
  append(header, picture.width, 4, true);
  append(header, picture.height, 4, true);
  for (const std::uint32_t field : {picture.depth, picture.color, 0U, 0U, picture.interlaced}) append(header, field, 1);
  chunk(png, "IHDR", header);
  for (const auto& [type, payload] : picture.before) chunk(png, type, payload);
  uLongf size = compressBound(picture.rows.size());
  Bytes data(size);
  compress2(reinterpret_cast<Bytef*>(data.data()), &size, reinterpret_cast<const Bytef*>(picture.rows.data()),
            picture.rows.size(), 6);
  data.resize(size);
  chunk(png, "IDAT", data);
  for (const auto& [type, payload] : picture.behind) chunk(png, type, payload);
  chunk(png, "IEND", {});
  return png;
}

Bytes bytes_of(std::initializer_list<int> values) {
  Bytes bytes;
  for (const int value : values) bytes.push_back(static_cast<std::byte>(value));
  return bytes;
}

using Pixels = std::vector<std::uint8_t>;

TEST(DecodePng, RgbIsExact) {
  const Image photo = pattern(33, 21);
  EXPECT_EQ(decode(encode_png(photo)).pixels, photo.pixels);
}

TEST(DecodePng, AlphaIsDroppedAsPillowDoes) {
  const Bytes png = written(
      {.width = 2, .height = 1, .color = PNG_COLOR_TYPE_RGBA, .rows = bytes_of({0, 10, 20, 30, 0, 40, 50, 60, 128})});
  EXPECT_EQ(decode(png).pixels, (Pixels{10, 20, 30, 40, 50, 60}));
  const Bytes gray =
      written({.width = 2, .height = 1, .color = PNG_COLOR_TYPE_GRAY_ALPHA, .rows = bytes_of({0, 10, 0, 200, 255})});
  EXPECT_EQ(decode(gray).pixels, (Pixels{10, 10, 10, 200, 200, 200}));
}

TEST(DecodePng, PaletteWithTransparency) {
  Png picture{.width = 4, .height = 1, .depth = 2, .color = PNG_COLOR_TYPE_PALETTE, .rows = bytes_of({0, 0b00011011})};
  picture.before = {{"PLTE", bytes_of({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})}, {"tRNS", bytes_of({0, 128})}};
  EXPECT_EQ(decode(written(picture)).pixels, (Pixels{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}));
}

TEST(DecodePng, GreyOfEveryDepth) {
  EXPECT_EQ(
      decode(
          written(
              {.width = 2, .height = 1, .depth = 1, .color = PNG_COLOR_TYPE_GRAY, .rows = bytes_of({0, 0b01000000})}))
          .pixels,
      (Pixels{0, 0, 0, 255, 255, 255}));
  EXPECT_EQ(
      decode(written({.width = 2, .height = 1, .depth = 4, .color = PNG_COLOR_TYPE_GRAY, .rows = bytes_of({0, 0x3C})}))
          .pixels,
      (Pixels{51, 51, 51, 204, 204, 204}));
  EXPECT_EQ(decode(written({.width = 2,
                            .height = 1,
                            .depth = 16,
                            .color = PNG_COLOR_TYPE_GRAY,
                            .rows = bytes_of({0, 0x40, 0x40, 0xFF, 0xFF})}))
                .pixels,
            (Pixels{64, 64, 64, 255, 255, 255}));
}

TEST(DecodePng, SixteenBitColorIsNarrowed) {
  EXPECT_EQ(decode(written({.width = 1, .height = 1, .depth = 16, .rows = bytes_of({0, 1, 1, 0x80, 0x80, 0xFE, 0xFE})}))
                .pixels,
            (Pixels{1, 128, 254}));
}

TEST(DecodePng, Interlaced) {
  // Adam7 of 2 × 2: pass 1 holds (0, 0), pass 6 (1, 0), pass 7 the second row.
  EXPECT_EQ(decode(written({.width = 2,
                            .height = 2,
                            .color = PNG_COLOR_TYPE_GRAY,
                            .interlaced = 1,
                            .rows = bytes_of({0, 10, 0, 20, 0, 30, 40})}))
                .pixels,
            (Pixels{10, 10, 10, 20, 20, 20, 30, 30, 30, 40, 40, 40}));
}

TEST(DecodePng, ExifBeforeAndBehindThePixels) {
  Png picture{.width = 2, .height = 1, .rows = bytes_of({0, 1, 2, 3, 4, 5, 6})};
  for (auto* place : {&picture.before, &picture.behind}) {
    *place = {{"eXIf", exif_note(3, true)}};
    EXPECT_EQ(decode(written(picture)).pixels, (Pixels{4, 5, 6, 1, 2, 3}));
    place->clear();
  }
}

TEST(DecodePng, DamageIsCorrupt) {
  const Bytes whole = encode_png(pattern(20, 20));
  const std::size_t data = as_text(whole).find("IDAT");
  for (std::size_t size = 8; size < whole.size() - 16; size += 13)
    EXPECT_EQ(kind_of([&] { decode(std::span(whole).first(size)); }), ErrorKind::kCorruptFile) << size;
  for (std::size_t at = data + 4; at < whole.size() - 12; at += 41) {
    Bytes flipped = whole;
    flipped[at] ^= std::byte{1};
    EXPECT_EQ(kind_of([&] { decode(flipped); }), ErrorKind::kCorruptFile) << at;
  }
  Bytes note =
      written({.width = 1, .height = 1, .rows = bytes_of({0, 1, 2, 3}), .before = {{"tEXt", bytes_of({97, 0})}}});
  note[as_text(note).find("tEXt") + 7] ^= std::byte{1};  // a damaged note is no reason to refuse the picture
  EXPECT_EQ(decode(note).pixels, (Pixels{1, 2, 3}));
}

TEST(DecodePng, LimitsAreReadFromTheHeader) {
  const Bytes bomb = written({.width = 60000, .height = 60000, .rows = bytes_of({0})});
  EXPECT_EQ(kind_of([&] { decode(bomb); }), ErrorKind::kInvalidArgument);
  const Bytes strip = written({.width = 1, .height = 90'000'000, .rows = bytes_of({0})});
  EXPECT_EQ(kind_of([&] { decode(strip); }), ErrorKind::kInvalidArgument);
}

}  // namespace
}  // namespace fovea
