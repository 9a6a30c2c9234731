#include "image/decode.h"
#include "image/test_pattern.h"
#include "testing/thrown.h"

namespace fovea {
namespace {

struct Bmp {
  int width = 0, height = 0;  ///< negative: the first row is the top one
  std::uint32_t bits = 24, compression = 0;
  std::vector<std::uint32_t> palette = {};  ///< 0xRRGGBB
  std::vector<std::uint32_t> masks = {};
  std::vector<int> data = {};
};

Bytes written(const Bmp& bmp) {
  Bytes file(as_bytes("BM").begin(), as_bytes("BM").end());
  append(file, 0, 8);
  append(file, static_cast<std::uint32_t>(54 + 4 * (bmp.palette.size() + bmp.masks.size())), 4);
  append(file, 40, 4);
  append(file, static_cast<std::uint32_t>(bmp.width), 4);
  append(file, static_cast<std::uint32_t>(bmp.height), 4);
  append(file, 1, 2);
  append(file, bmp.bits, 2);
  append(file, bmp.compression, 4);
  append(file, 0, 12);
  append(file, static_cast<std::uint32_t>(bmp.palette.size()), 4);
  append(file, 0, 4);
  for (const std::uint32_t mask : bmp.masks) append(file, mask, 4);
  for (const std::uint32_t color : bmp.palette) append(file, color, 4);
  for (const int byte : bmp.data) append(file, static_cast<std::uint32_t>(byte), 1);
  return file;
}

using Pixels = std::vector<std::uint8_t>;
const std::vector<std::uint32_t> kTwo = {0x010203, 0xFFFEFD};
const std::vector<std::uint32_t> kFour = {0x000000, 0xFF0000, 0x00FF00, 0x0000FF};

TEST(DecodeBmp, RowsOfEveryDepth) {
  EXPECT_EQ(decode(written({.width = 2, .height = 1, .bits = 1, .palette = kTwo, .data = {0x40, 0, 0, 0}})).pixels,
            (Pixels{1, 2, 3, 255, 254, 253}));
  EXPECT_EQ(decode(written({.width = 2, .height = 1, .bits = 4, .palette = kFour, .data = {0x12, 0, 0, 0}})).pixels,
            (Pixels{255, 0, 0, 0, 255, 0}));
  EXPECT_EQ(decode(written({.width = 2, .height = 1, .bits = 8, .palette = kFour, .data = {3, 1, 0, 0}})).pixels,
            (Pixels{0, 0, 255, 255, 0, 0}));
  EXPECT_EQ(decode(written({.width = 2, .height = 1, .bits = 16, .data = {0x00, 0x7C, 0x1F, 0x00}})).pixels,
            (Pixels{255, 0, 0, 0, 0, 255}));
  EXPECT_EQ(decode(written({.width = 1, .height = 1, .bits = 24, .data = {3, 2, 1, 0}})).pixels, (Pixels{1, 2, 3}));
  EXPECT_EQ(decode(written({.width = 1, .height = 1, .bits = 32, .data = {3, 2, 1, 77}})).pixels, (Pixels{1, 2, 3}));
}

TEST(DecodeBmp, BottomUpAndTopDown) {
  const std::vector<int> rows = {1, 1, 1, 0, 2, 2, 2, 0};
  EXPECT_EQ(decode(written({.width = 1, .height = 2, .data = rows})).pixels, (Pixels{2, 2, 2, 1, 1, 1}));
  EXPECT_EQ(decode(written({.width = 1, .height = -2, .data = rows})).pixels, (Pixels{1, 1, 1, 2, 2, 2}));
}

TEST(DecodeBmp, Bitfields) {
  EXPECT_EQ(decode(written({.width = 2,
                            .height = 1,
                            .bits = 16,
                            .compression = 3,
                            .masks = {0xF800, 0x07E0, 0x001F},
                            .data = {0xE0, 0x07, 0x00, 0xF8}}))
                .pixels,
            (Pixels{0, 255, 0, 255, 0, 0}));
  EXPECT_EQ(decode(written({.width = 1,
                            .height = 1,
                            .bits = 32,
                            .compression = 3,
                            .masks = {0xFF, 0xFF00, 0xFF0000},
                            .data = {10, 20, 30, 0}}))
                .pixels,
            (Pixels{10, 20, 30}));
}

TEST(DecodeBmp, Runs) {
  // 3 × 2, bottom row first: a run of two and a jump; then a literal of three (padded to an even count).
  EXPECT_EQ(decode(written({.width = 3,
                            .height = 2,
                            .bits = 8,
                            .compression = 1,
                            .palette = kFour,
                            .data = {2, 1, 0, 0, 0, 3, 1, 2, 3, 0, 0, 1}}))
                .pixels,
            (Pixels{255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 0, 0, 255, 0, 0, 0, 0, 0}));
  EXPECT_EQ(
      decode(written({.width = 3, .height = 1, .bits = 4, .compression = 2, .palette = kFour, .data = {3, 0x12, 0, 1}}))
          .pixels,
      (Pixels{255, 0, 0, 0, 255, 0, 255, 0, 0}));
  EXPECT_EQ(decode(written({.width = 3,
                            .height = 1,
                            .bits = 8,
                            .compression = 1,
                            .palette = kFour,
                            .data = {0, 2, 2, 0, 1, 3, 0, 1}}))
                .pixels,
            (Pixels{0, 0, 0, 0, 0, 0, 0, 0, 255}));
}

TEST(DecodeBmp, DamagedRuns) {
  const auto kind = [](const std::vector<int>& data) {
    return kind_of([&] {
      decode(written({.width = 3, .height = 1, .bits = 8, .compression = 1, .palette = kFour, .data = data}));
    });
  };
  EXPECT_EQ(kind({3, 1}), ErrorKind::kCorruptFile);                      // no end
  EXPECT_EQ(kind({1, 9, 0, 1}), ErrorKind::kCorruptFile);                // no such color
  EXPECT_EQ(kind({0, 2, 0, 255, 1, 1, 0, 1}), ErrorKind::kCorruptFile);  // a jump out of the image
  EXPECT_EQ(kind({3, 1, 0, 0, 1, 1, 0, 1}), ErrorKind::kCorruptFile);    // more rows than there are
  EXPECT_EQ(kind({0, 200, 1, 1}), ErrorKind::kCorruptFile);              // a literal longer than the file
}

TEST(DecodeBmp, EverySizeIsChecked) {
  const Bytes whole = written({.width = 3, .height = 3, .data = std::vector<int>(36, 7)});
  for (std::size_t size = 2; size + 3 < whole.size(); ++size)
    EXPECT_EQ(kind_of([&] { decode(std::span(whole).first(size)); }), ErrorKind::kCorruptFile) << size;
  const auto kind = [](const Bmp& bmp) { return kind_of([&] { decode(written(bmp)); }); };
  EXPECT_EQ(kind({.width = 0, .height = 3}), ErrorKind::kCorruptFile);
  EXPECT_EQ(kind({.width = -3, .height = 3}), ErrorKind::kCorruptFile);
  EXPECT_EQ(kind({.width = 1, .height = INT32_MIN}), ErrorKind::kInvalidArgument);
  EXPECT_EQ(kind({.width = 60000, .height = 60000}), ErrorKind::kInvalidArgument);
  EXPECT_EQ(kind({.width = 9000, .height = 9000}), ErrorKind::kCorruptFile);  // inside the limits, no data
  EXPECT_EQ(kind({.width = 1, .height = 1, .bits = 0, .data = {0, 0, 0, 0}}), ErrorKind::kUnsupported);
  EXPECT_EQ(kind({.width = 1, .height = 1, .bits = 9, .data = {0, 0, 0, 0}}), ErrorKind::kUnsupported);
  EXPECT_EQ(kind({.width = 1, .height = 1, .compression = 4, .data = {0, 0, 0, 0}}), ErrorKind::kUnsupported);
}

TEST(Decode, OtherContentIsUnsupported) {
  for (const std::string_view text : {"", "B", "GIF89a", "RIFF....WAVE", "not a picture"})
    EXPECT_EQ(kind_of([&] { decode(as_bytes(text)); }), ErrorKind::kUnsupported) << text;
}

}  // namespace
}  // namespace fovea
