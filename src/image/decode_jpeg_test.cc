#include <turbojpeg.h>

#include <memory>

#include "image/decode.h"
#include "image/encode.h"
#include "image/test_pattern.h"
#include "testing/thrown.h"

namespace fovea {
namespace {

Bytes compress(const std::vector<std::uint8_t>& pixels, int width, int height, TJPF format, TJSAMP sampling,
               int flags) {
  const std::unique_ptr<void, int (*)(tjhandle)> handle(tjInitCompress(), tjDestroy);
  unsigned char* made = nullptr;
  unsigned long size = 0;
  EXPECT_EQ(tjCompress2(handle.get(), pixels.data(), width, 0, height, format, &made, &size, sampling, 95, flags), 0);
  const auto* bytes = reinterpret_cast<const std::byte*>(made);
  Bytes copy(bytes, bytes + size);
  tjFree(made);
  return copy;
}

Bytes compress(const Image& image, TJSAMP sampling, int flags = 0) {
  return compress(image.pixels, image.width, image.height, TJPF_RGB, sampling, flags);
}

TEST(DecodeJpeg, BaselineProgressiveAndEverySampling) {
  const Image photo = smooth(67, 45);
  for (const TJSAMP sampling : {TJSAMP_444, TJSAMP_422, TJSAMP_420, TJSAMP_440, TJSAMP_411})
    for (const int flags : {0, TJFLAG_PROGRESSIVE})
      EXPECT_LT(mean_difference(decode(compress(photo, sampling, flags)), photo), 3) << sampling << " " << flags;
}

TEST(DecodeJpeg, GreyBecomesThreeEqualChannels) {
  const Image made = decode(compress(smooth(32, 24), TJSAMP_GRAY));
  ASSERT_EQ(made.pixels.size(), 32U * 24 * 3);
  for (std::size_t i = 0; i < made.pixels.size(); i += 3) {
    ASSERT_EQ(made.pixels[i], made.pixels[i + 1]);
    ASSERT_EQ(made.pixels[i], made.pixels[i + 2]);
  }
  EXPECT_NEAR(made.pixels[0], 0.299 * 40 + 0.587 * 40 + 0.114 * 200, 4);
}

TEST(DecodeJpeg, AdobeInvertedInks) {
  // TurboJPEG stores what it is given, as YCCK with Adobe's marker: 255 is no ink.
  std::vector<std::uint8_t> inks;
  for (int i = 0; i < 16 * 16; ++i) inks.insert(inks.end(), {200, 100, 50, 128});
  const Image made = decode(compress(inks, 16, 16, TJPF_CMYK, TJSAMP_444, 0));
  EXPECT_NEAR(made.pixels[0], 200 * 128 / 255, 3);
  EXPECT_NEAR(made.pixels[1], 100 * 128 / 255, 3);
  EXPECT_NEAR(made.pixels[2], 50 * 128 / 255, 3);
}

/// 8 × 8 CMYK with 2 × 2 sampling, written by Pillow 13 (a mode that TurboJPEG names no sampling for).
constexpr std::string_view kInks =
    "/9j/7gAOQWRvYmUAZAAAAAAA//4AJ0ZpbGUgd3JpdHRlbiBieSBBZG9iZSBQaG90b3Nob3CoIDQuMAD/2wBDAA0JCgsKCA0LCgsODg0PEyAVExISEy"
    "ccHhcgLikxMC4pLSwzOko+MzZGNywtQFdBRkxOUlNSMj5aYVpQYEpRUk//wAAUCAAIAAgEQyIATREAWREASxEA/8QAFwABAQEBAAAAAAAAAAAAAAAA"
    "AAUGB//EACMQAAEDBAEEAwAAAAAAAAAAAAIAAQMEBREhEwYSMTJScbH/2gAOBEMATQBZAEsAAD8AjxVVsCyBGQzlUcuTffa2vOPjttoiLMw3eenAYh"
    "igJhZsOQ7/AFSLb1DWUNPwxxwGPtkxd3y/066cv//Z";
/// 24 × 16 with 3 × 1 sampling, written by libjpeg.
constexpr std::string_view kThreeByOne =
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDgsLEBYQERMUFRUVDA8XGBYUGB"
    "IUFRT/2wBDAQMEBAUEBQkFBQkUDQsNFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBT/wAARCAAQABgD"
    "ATEAAhEBAxEB/8QAFgABAQEAAAAAAAAAAAAAAAAABgcI/8QAGhAAAQUBAAAAAAAAAAAAAAAAAAUHIzGhMv/EABUBAQEAAAAAAAAAAAAAAAAAAAcI/8"
    "QAGREAAgMBAAAAAAAAAAAAAAAAAAUGITIH/9oADAMBAAIRAxEAPwDJ6S19Q4NElr+YcGaS19Q4Lk5b7sQOavcWVVJa/mHBoktfUODNJa/mHAVnLfdk"
    "881e4s//2Q==";

TEST(DecodeJpeg, SamplingsWithoutAName) {
  const Image inks = decode(from_base64(kInks));
  // Pillow's convert("RGB") of the same file at (0, 0), (4, 3) and (7, 7).
  const std::pair<int, std::array<int, 3>> expected[] = {
      {0, {57, 46, 94}}, {3 * 8 + 4, {232, 113, 109}}, {63, {21, 33, 55}}};
  for (const auto& [at, color] : expected)
    for (std::size_t c = 0; c < 3; ++c) EXPECT_NEAR(inks.pixels[static_cast<std::size_t>(at) * 3 + c], color[c], 1);
  const Image photo = decode(from_base64(kThreeByOne));
  ASSERT_EQ(photo.width, 24);
  ASSERT_EQ(photo.height, 16);
  for (int y = 0; y < 16; ++y)
    for (int x = 0; x < 24; ++x) EXPECT_NEAR(const_cast<Image&>(photo).at(x, y)[1], y * 15, 12);
}

TEST(DecodeJpeg, OrientationComesFromExif) {
  const Bytes plain = compress(smooth(32, 16), TJSAMP_444);
  const Bytes header(as_bytes(std::string_view("Exif\0\0", 6)).begin(),
                     as_bytes(std::string_view("Exif\0\0", 6)).end());
  const Image turned = decode(with_segment(plain, 0xE1, joined({header, exif_note(6)})));
  EXPECT_EQ(turned.width, 16);
  EXPECT_EQ(turned.height, 32);
  const Image bad = decode(with_segment(plain, 0xE1, joined({header, exif_note(99)})));
  EXPECT_EQ(mean_difference(bad, decode(plain)), 0);
}

TEST(DecodeJpeg, EveryTruncationIsCorrupt) {
  for (const int flags : {0, TJFLAG_PROGRESSIVE}) {
    const Bytes whole = compress(pattern(40, 30), TJSAMP_420, flags);
    for (std::size_t size = 3; size < whole.size(); size += size < 40 ? 1 : 37)
      EXPECT_EQ(kind_of([&] { decode(std::span(whole).first(size)); }), ErrorKind::kCorruptFile) << size;
  }
}

TEST(DecodeJpeg, AnEarlyEndDoesNotHideBehindAHarmlessWarning) {
  const Bytes plain = compress(pattern(64, 64), TJSAMP_420);
  Bytes junk(plain.begin(), plain.begin() + 20);  // start of image and JFIF
  append(junk, 0x563412, 3);
  append(junk, std::span(plain).subspan(20));
  EXPECT_EQ(mean_difference(decode(junk), decode(plain)), 0);
  EXPECT_EQ(kind_of([&] { decode(std::span(junk).first(junk.size() / 2)); }), ErrorKind::kCorruptFile);
}

TEST(DecodeJpeg, BytesBehindTheEndAreIgnored) {
  const Bytes plain = compress(smooth(16, 16), TJSAMP_420);
  EXPECT_EQ(mean_difference(decode(joined({plain, as_bytes("anything")})), decode(plain)), 0);
}

TEST(DecodeJpeg, EndlessScansAreRefused) {
  const Bytes plain = compress(smooth(16, 16), TJSAMP_444, TJFLAG_PROGRESSIVE);
  const std::string_view text = as_text(plain);
  const std::size_t scan = text.rfind(std::string_view("\xFF\xDA"));
  ASSERT_NE(scan, std::string_view::npos);
  Bytes bomb(plain.begin(), plain.end() - 2);
  for (int i = 0; i < 600; ++i) append(bomb, std::span(plain).subspan(scan, plain.size() - 2 - scan));
  append(bomb, 0xFFD9, 2, true);
  EXPECT_EQ(kind_of([&] { decode(bomb); }), ErrorKind::kCorruptFile);
}

TEST(DecodeJpeg, LimitsAreReadFromTheHeader) {
  Bytes jpeg = compress(smooth(64, 32), TJSAMP_444);
  EXPECT_EQ(kind_of([&] { decode(jpeg, {.max_pixels = 64 * 32 - 1}); }), ErrorKind::kInvalidArgument);
  EXPECT_EQ(kind_of([&] { decode(jpeg, {.max_side = 63}); }), ErrorKind::kInvalidArgument);
  EXPECT_EQ(kind_of([&] { decode(jpeg, {.max_bytes = jpeg.size() - 1}); }), ErrorKind::kInvalidArgument);
  EXPECT_EQ(decode(jpeg, {.max_bytes = jpeg.size(), .max_pixels = 64 * 32, .max_side = 64}).width, 64);
  const std::size_t frame = as_text(jpeg).find(std::string_view("\xFF\xC0"));
  for (std::size_t i = 5; i < 9; ++i) jpeg[frame + i] = std::byte{0xFD};  // 65021 × 65021
  EXPECT_EQ(kind_of([&] { decode(jpeg); }), ErrorKind::kInvalidArgument);
}

TEST(DecodeJpeg, ScaledDecodeKeepsTheShortSide) {
  const Bytes jpeg = compress(smooth(400, 320), TJSAMP_420);
  const std::pair<int, int> expected[] = {{0, 400},  {321, 400}, {320, 400}, {161, 400}, {160, 200},
                                          {80, 100}, {79, 100},  {40, 50},   {1, 50}};
  for (const auto& [scaled_to, width] : expected) EXPECT_EQ(decode(jpeg, {}, scaled_to).width, width) << scaled_to;
  EXPECT_LT(mean_difference(decode(jpeg, {}, 160), smooth(200, 160)), 3);
}

}  // namespace
}  // namespace fovea
