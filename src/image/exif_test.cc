#include "image/exif.h"

#include "image/test_pattern.h"

namespace fovea {
namespace {

TEST(Exif, BothByteOrdersAndTypes) {
  for (std::uint32_t orientation = 1; orientation <= 8; ++orientation)
    for (const bool big : {false, true})
      for (const std::uint32_t type : {3U, 4U})
        EXPECT_EQ(exif_orientation(exif_note(orientation, big, type)), static_cast<int>(orientation));
}

TEST(Exif, TheHeaderIsPassedOver) {
  EXPECT_EQ(exif_orientation(joined({as_bytes(std::string_view("Exif\0\0", 6)), exif_note(6)})), 6);
}

TEST(Exif, WhateverIsWrongMeansUpright) {
  for (const std::uint32_t value : {0U, 9U, 65535U}) EXPECT_EQ(exif_orientation(exif_note(value)), 1);
  EXPECT_EQ(exif_orientation(exif_note(6, false, 2)), 1);  // text
  const Bytes whole = exif_note(6);
  for (std::size_t size = 0; size < 20; ++size) EXPECT_EQ(exif_orientation(std::span(whole).first(size)), 1) << size;
  for (std::size_t at = 0; at < whole.size(); ++at)
    for (const unsigned value : {0U, 0x7FU, 0xFFU}) {
      Bytes damaged = whole;
      damaged[at] = static_cast<std::byte>(value);
      const int orientation = exif_orientation(damaged);
      EXPECT_GE(orientation, 1);
      EXPECT_LE(orientation, 8);
    }
}

Bytes jpeg_of(std::initializer_list<int> values) {
  Bytes bytes;
  for (const int value : values) append(bytes, static_cast<std::uint32_t>(value), 1);
  return bytes;
}

TEST(JpegExif, FoundBehindOtherSegmentsAndFillBytes) {
  Bytes jpeg = jpeg_of({0xFF, 0xD8, 0xFF, 0xE0, 0, 4, 1, 2, 0xFF, 0xFF, 0xE1, 0, 9, 'E', 'x', 'i', 'f', 0, 0, 42});
  EXPECT_EQ(as_text(jpeg_exif(jpeg)), std::string_view("Exif\0\0*", 7));
  jpeg.pop_back();
  EXPECT_TRUE(jpeg_exif(jpeg).empty());
  EXPECT_TRUE(jpeg_exif(jpeg_of({0xFF, 0xD8, 0xFF, 0xE1, 0, 0, 0xFF})).empty());
  EXPECT_TRUE(jpeg_exif({}).empty());
}

TEST(JpegComplete, WalksSegmentsAndData) {
  // An end marker inside a segment (a thumbnail's) does not count; one behind the data does.
  EXPECT_FALSE(jpeg_complete(jpeg_of({0xFF, 0xD8, 0xFF, 0xE0, 0, 4, 0xFF, 0xD9, 0xFF, 0xDA, 0, 2, 1, 0xFF, 0, 2})));
  EXPECT_TRUE(jpeg_complete(jpeg_of({0xFF, 0xD8, 9, 0xFF, 0xDA, 0, 2, 1, 0xFF, 0, 0xFF, 0xD0, 2, 0xFF, 0xFF, 0xD9})));
  EXPECT_FALSE(jpeg_complete(jpeg_of({0xFF, 0xD8, 0xFF, 0xE0, 0xFF, 0xFF})));
  EXPECT_FALSE(jpeg_complete(jpeg_of({0xFF, 0xD8, 0xFF, 0xE0, 0})));
  EXPECT_FALSE(jpeg_complete({}));
}

}  // namespace
}  // namespace fovea
