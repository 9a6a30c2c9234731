#include "image/resize.h"

#include "image/test_pattern.h"
#include "testing/thrown.h"

namespace fovea {
namespace {

struct PillowCase {
  int width, height;
  double x, y, box_width, box_height;
  int out_width, out_height;
  ResizeFilter filter;
  std::string_view result;
};

constexpr PillowCase kCases[] = {
#include "image/testdata/resize_cases.inc"
};

TEST(Resize, AgreesWithPillow) {
  for (const PillowCase& a : kCases) {
    const Image photo = pattern(a.width, a.height);
    Image made(a.out_width, a.out_height);
    resize_region(photo.view(), a.x, a.y, a.box_width, a.box_height, a.out_width, a.out_height, a.filter, true,
                  made.pixels);
    const Bytes expected = from_base64(a.result);
    ASSERT_EQ(expected.size(), made.pixels.size());
    std::size_t beyond = 0;
    for (std::size_t i = 0; i < expected.size(); ++i)
      if (std::abs(static_cast<int>(expected[i]) - made.pixels[i]) > 1) ++beyond;
    EXPECT_EQ(beyond, 0U) << a.width << " × " << a.height << " to " << a.out_width << " × " << a.out_height
                          << ", filter " << static_cast<int>(a.filter);
  }
}

TEST(Resize, SameSizeChangesNothing) {
  const Image photo = pattern(13, 9);
  for (const auto filter :
       {ResizeFilter::kNearest, ResizeFilter::kBilinear, ResizeFilter::kBicubic, ResizeFilter::kLanczos})
    for (const bool antialias : {false, true}) EXPECT_EQ(resized(photo, 13, 9, filter, antialias).pixels, photo.pixels);
}

/// Bilinear reading at half-pixel centres with the edge repeated, as OpenCV's INTER_LINEAR.
TEST(Resize, WithoutAntialiasTwoNeighboursPerAxis) {
  const Image photo = pattern(29, 17);
  const Image made = resized(photo, 10, 23, ResizeFilter::kBilinear, false);
  const auto value = [&](int x, int y, std::size_t c) {
    const auto at = static_cast<std::size_t>(std::clamp(y, 0, 16) * 29 + std::clamp(x, 0, 28));
    return static_cast<double>(photo.pixels[at * 3 + c]);
  };
  for (int y = 0; y < 23; ++y)
    for (int x = 0; x < 10; ++x)
      for (std::size_t c = 0; c < 3; ++c) {
        const double fx = (x + 0.5) * 29 / 10 - 0.5;
        const double fy = (y + 0.5) * 17 / 23 - 0.5;
        const int x0 = static_cast<int>(std::floor(fx));
        const int y0 = static_cast<int>(std::floor(fy));
        const double top = std::lerp(value(x0, y0, c), value(x0 + 1, y0, c), fx - x0);
        const double bottom = std::lerp(value(x0, y0 + 1, c), value(x0 + 1, y0 + 1, c), fx - x0);
        EXPECT_NEAR(made.pixels[static_cast<std::size_t>(y * 10 + x) * 3 + c], std::lerp(top, bottom, fy - y0), 1.01);
      }
}

TEST(Resize, AWindowIsAPartOfTheWhole) {
  const Image photo = pattern(61, 47);
  const Image whole = resized(photo, 33, 28, ResizeFilter::kBicubic);
  Image part(9, 7);
  resize(photo.view(), {0, 0, 61, 47, 33, 28}, {11, 13, 9, 7}, ResizeFilter::kBicubic, true, part.pixels);
  for (int y = 0; y < 7; ++y)
    for (int x = 0; x < 9; ++x)
      for (std::size_t c = 0; c < 3; ++c)
        ASSERT_EQ(part.at(x, y)[c], whole.pixels[static_cast<std::size_t>((y + 13) * 33 + x + 11) * 3 + c]);
}

TEST(Resize, EveryPixelFormatAndStride) {
  const Image photo = pattern(12, 10);
  const Image expected = resized(photo, 5, 4);
  const struct {
    PixelFormat format;
    std::size_t step, red, blue;
  } layouts[] = {{PixelFormat::kBgr, 3, 2, 0}, {PixelFormat::kRgba, 4, 0, 2}, {PixelFormat::kBgra, 4, 2, 0}};
  for (const auto& [format, step, red, blue] : layouts) {
    const std::size_t stride = 12 * step + 5;
    std::vector<std::uint8_t> bytes(stride * 10, 99);
    for (std::size_t i = 0; i < 120; ++i) {
      std::uint8_t* to = bytes.data() + i / 12 * stride + i % 12 * step;
      to[red] = photo.pixels[i * 3];
      to[1] = photo.pixels[i * 3 + 1];
      to[blue] = photo.pixels[i * 3 + 2];
    }
    Image made(5, 4);
    resize_region({bytes.data(), 12, 10, static_cast<std::ptrdiff_t>(stride), format}, 0, 0, 12, 10, 5, 4,
                  ResizeFilter::kBilinear, true, made.pixels);
    EXPECT_EQ(made.pixels, expected.pixels) << static_cast<int>(format);
  }
  const std::vector<std::uint8_t> gray(120, 77);
  Image made(5, 4);
  resize_region({gray.data(), 12, 10, 12, PixelFormat::kGray}, 0, 0, 12, 10, 5, 4, ResizeFilter::kLanczos, true,
                made.pixels);
  EXPECT_EQ(made.pixels, std::vector<std::uint8_t>(60, 77));
}

TEST(Resize, OnePixelAndStrips) {
  Image dot(1, 1);
  dot.pixels = {9, 8, 7};
  const Image grown = resized(dot, 3, 2, ResizeFilter::kLanczos);
  for (std::size_t i = 0; i < grown.pixels.size(); ++i) EXPECT_EQ(grown.pixels[i], dot.pixels[i % 3]);
  Image strip(1, 10000);
  std::ranges::fill(strip.pixels, std::uint8_t{50});
  EXPECT_EQ(resized(strip, 40, 3, ResizeFilter::kBicubic).pixels, std::vector<std::uint8_t>(360, 50));
}

TEST(Resize, BoxesAndWindowsAreChecked) {
  const Image photo = pattern(8, 8);
  Image made(4, 4);
  const auto kind = [&](ResizeBox box, CropWindow window) {
    return kind_of([&] { resize(photo.view(), box, window, ResizeFilter::kBilinear, true, made.pixels); });
  };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(kind({1, 0, 8, 8, 4, 4}, {0, 0, 4, 4}), ErrorKind::kInvalidArgument);
  EXPECT_EQ(kind({-1, 0, 8, 8, 4, 4}, {0, 0, 4, 4}), ErrorKind::kInvalidArgument);
  EXPECT_EQ(kind({0, 0, 0, 8, 4, 4}, {0, 0, 4, 4}), ErrorKind::kInvalidArgument);
  EXPECT_EQ(kind({nan, 0, 8, 8, 4, 4}, {0, 0, 4, 4}), ErrorKind::kInvalidArgument);
  EXPECT_EQ(kind({0, 0, 8, 8, 4, 4}, {1, 0, 4, 4}), ErrorKind::kInvalidArgument);
  EXPECT_EQ(kind({0, 0, 8, 8, 9, 9}, {0, 0, 5, 4}), ErrorKind::kInvalidArgument);
}

}  // namespace
}  // namespace fovea
