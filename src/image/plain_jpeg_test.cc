#include "image/plain_jpeg.h"

#include <gtest/gtest.h>

#include "image/encode.h"
#include "image/test_pattern.h"

namespace fovea {
namespace {

/// Where a marker's segment begins, behind its length.
std::size_t segment_of(const Bytes& jpeg, unsigned marker) {
  for (std::size_t at = 2; at + 1 < jpeg.size(); ++at)
    if (jpeg[at] == std::byte{0xFF} && jpeg[at + 1] == static_cast<std::byte>(marker)) return at + 4;
  return 0;
}

Bytes changed(Bytes jpeg, std::size_t at, unsigned value) {
  jpeg.at(at) = static_cast<std::byte>(value);
  return jpeg;
}

TEST(PlainJpeg, GivesTheSizeOfWhatEveryDecoderReads) {
  const auto size = plain_jpeg(encode_jpeg(smooth(200, 100)));
  ASSERT_TRUE(size.has_value());
  EXPECT_EQ(size->width, 200);
  EXPECT_EQ(size->height, 100);
}

TEST(PlainJpeg, LeavesTheRestToTheCpu) {
  const Bytes jpeg = encode_jpeg(smooth(200, 100));
  EXPECT_FALSE(plain_jpeg({}));
  EXPECT_FALSE(plain_jpeg(encode_png(smooth(200, 100))));
  EXPECT_FALSE(plain_jpeg(encode_jpeg(smooth(63, 100)))) << "small";
  for (std::size_t bytes = 0; bytes < jpeg.size(); ++bytes)
    ASSERT_FALSE(plain_jpeg(std::span(jpeg).first(bytes))) << "cut at " << bytes;
  const std::size_t frame = segment_of(jpeg, 0xC0);
  ASSERT_GT(frame, 4U);
  EXPECT_FALSE(plain_jpeg(changed(jpeg, frame - 3, 0xC2))) << "progressive";
  EXPECT_FALSE(plain_jpeg(changed(jpeg, frame, 12))) << "12 bits";
  EXPECT_FALSE(plain_jpeg(changed(jpeg, frame + 5, 4))) << "four components";
  EXPECT_FALSE(plain_jpeg(changed(jpeg, frame + 7, 0x41))) << "4:1:1";
  EXPECT_FALSE(plain_jpeg(changed(jpeg, frame + 10, 0x21))) << "odd chroma";
  Bytes adobe(as_bytes("Adobe").begin(), as_bytes("Adobe").end());
  adobe.resize(12);
  EXPECT_FALSE(plain_jpeg(with_segment(jpeg, 0xEE, adobe))) << "RGB";
}

TEST(PlainJpeg, LeavesTurnedPhotosToTheCpu) {
  const Bytes jpeg = encode_jpeg(smooth(200, 100));
  for (const std::uint32_t orientation : {1U, 6U}) {
    Bytes note = joined({as_bytes(std::string_view("Exif\0\0", 6)), exif_note(orientation)});
    EXPECT_EQ(plain_jpeg(with_segment(jpeg, 0xE1, note)).has_value(), orientation == 1);
  }
}

TEST(PlainJpeg, KeepsTheLimits) {
  const Bytes jpeg = encode_jpeg(smooth(200, 100));
  EXPECT_FALSE(plain_jpeg(jpeg, {.max_bytes = jpeg.size() - 1}));
  EXPECT_FALSE(plain_jpeg(jpeg, {.max_pixels = 200 * 100 - 1}));
  EXPECT_FALSE(plain_jpeg(jpeg, {.max_side = 199}));
  EXPECT_TRUE(plain_jpeg(jpeg, {.max_bytes = jpeg.size(), .max_pixels = 200 * 100, .max_side = 200}));
}

}  // namespace
}  // namespace fovea
