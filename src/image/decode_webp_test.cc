#include <webp/encode.h>

#include "image/decode.h"
#include "image/test_pattern.h"
#include "testing/thrown.h"

namespace fovea {
namespace {

Bytes taken(std::uint8_t* made, std::size_t size) {
  const auto* bytes = reinterpret_cast<const std::byte*>(made);
  Bytes copy(bytes, bytes + size);
  WebPFree(made);
  return copy;
}

Bytes lossless(const Image& image) {
  std::uint8_t* made = nullptr;
  const std::size_t size =
      WebPEncodeLosslessRGB(image.pixels.data(), image.width, image.height, image.width * 3, &made);
  return taken(made, size);
}

void chunk(Bytes& to, std::string_view name, std::span<const std::byte> payload) {
  append(to, as_bytes(name));
  append(to, static_cast<std::uint32_t>(payload.size()), 4);
  append(to, payload);
  if (payload.size() % 2 != 0) append(to, 0, 1);
}

/// The extended format: VP8X with these flags, then `chunks`.
Bytes extended(std::uint32_t flags, int width, int height, const Bytes& chunks) {
  Bytes header;
  append(header, flags, 4);
  append(header, static_cast<std::uint32_t>(width - 1), 3);
  append(header, static_cast<std::uint32_t>(height - 1), 3);
  Bytes body;
  append(body, as_bytes("WEBP"));
  chunk(body, "VP8X", header);
  append(body, chunks);
  Bytes file;
  chunk(file, "RIFF", body);
  return file;
}

/// The picture's own chunk, without the 12 bytes of the container.
std::span<const std::byte> picture_chunk(const Bytes& file) { return std::span(file).subspan(12); }

TEST(DecodeWebp, LosslessIsExactAndLossyIsNear) {
  const Image photo = pattern(31, 17);
  EXPECT_EQ(decode(lossless(photo)).pixels, photo.pixels);
  const Image gradient = smooth(48, 32);
  std::uint8_t* made = nullptr;
  const std::size_t size = WebPEncodeRGB(gradient.pixels.data(), 48, 32, 48 * 3, 95, &made);
  EXPECT_LT(mean_difference(decode(taken(made, size)), gradient), 4);
}

TEST(DecodeWebp, AlphaIsDropped) {
  std::vector<std::uint8_t> rgba;
  for (int i = 0; i < 64; ++i) rgba.insert(rgba.end(), {200, 100, 50, static_cast<std::uint8_t>(128 + i)});
  std::uint8_t* made = nullptr;
  const std::size_t size = WebPEncodeLosslessRGBA(rgba.data(), 8, 8, 8 * 4, &made);
  const Image image = decode(taken(made, size));
  for (std::size_t i = 0; i < image.pixels.size(); i += 3) {
    ASSERT_EQ(image.pixels[i], 200);
    ASSERT_EQ(image.pixels[i + 1], 100);
    ASSERT_EQ(image.pixels[i + 2], 50);
  }
}

TEST(DecodeWebp, OrientationComesFromTheExifChunk) {
  const Image photo = pattern(6, 4);
  const Bytes picture = lossless(photo);
  Bytes chunks(picture_chunk(picture).begin(), picture_chunk(picture).end());
  chunk(chunks, "EXIF", exif_note(3));
  const Image turned = decode(extended(0x08, 6, 4, chunks));
  std::vector<std::uint8_t> expected;
  for (int i = 6 * 4 - 1; i >= 0; --i)
    expected.insert(expected.end(), photo.pixels.begin() + i * 3, photo.pixels.begin() + i * 3 + 3);
  EXPECT_EQ(turned.pixels, expected);
}

TEST(DecodeWebp, FirstFrameOfAnAnimation) {
  const Image first = pattern(8, 6);
  const Image second = smooth(8, 6);
  Bytes chunks;
  chunk(chunks, "ANIM", Bytes(6));
  for (const Image* frame : {&first, &second}) {
    Bytes payload;
    append(payload, 0, 3);  // x and y
    append(payload, 0, 3);
    append(payload, 7, 3);
    append(payload, 5, 3);
    append(payload, 100, 3);  // milliseconds
    append(payload, 0, 1);
    append(payload, picture_chunk(lossless(*frame)));
    chunk(chunks, "ANMF", payload);
  }
  EXPECT_EQ(decode(extended(0x02, 8, 6, chunks)).pixels, first.pixels);
}

TEST(DecodeWebp, TruncationAndLimits) {
  const Bytes whole = lossless(pattern(20, 20));
  for (std::size_t size = 12; size < whole.size(); size += 17)
    EXPECT_EQ(kind_of([&] { decode(std::span(whole).first(size)); }), ErrorKind::kCorruptFile) << size;
  EXPECT_EQ(kind_of([&] { decode(whole, {.max_pixels = 399}); }), ErrorKind::kInvalidArgument);
}

}  // namespace
}  // namespace fovea
