#include "image/preprocess.h"

#include <limits>

#include "image/encode.h"
#include "image/resize.h"
#include "image/test_pattern.h"
#include "testing/thrown.h"

namespace fovea {
namespace {

std::vector<std::uint8_t> prepared(const Image& image, const PreprocessSpec& spec) {
  std::vector<std::uint8_t> pixels(spec.pixel_bytes());
  preprocess(image.view(), spec, pixels);
  return pixels;
}

std::vector<std::uint8_t> cropped(const Image& image, int left, int top, int width, int height) {
  std::vector<std::uint8_t> pixels;
  for (int y = top; y < top + height; ++y) {
    const auto from = image.pixels.begin() + (std::ptrdiff_t{y} * image.width + left) * 3;
    pixels.insert(pixels.end(), from, from + std::ptrdiff_t{3} * width);
  }
  return pixels;
}

/// torchvision: Resize(32) of 67 × 41 is int(32 · 67 / 41) = 52 × 32; CenterCrop(28) starts at round((52 − 28) / 2).
TEST(Preprocess, ShortSideAndCropAsTorchvision) {
  const Image photo = pattern(67, 41);
  PreprocessSpec spec = PreprocessSpec::unit(28);
  spec.crop_fraction = 0.875;
  EXPECT_EQ(prepared(photo, spec), cropped(resized(photo, 52, 32), 12, 2, 28, 28));
  // Halves round to even: 71 × 40 becomes 56 × 32 (int of 56.8); (35 − 28) / 2 = 3.5 becomes 4.
  const Image other = pattern(45, 41);  // 32 · 45 / 41 = 35.1
  EXPECT_EQ(prepared(other, spec), cropped(resized(other, 35, 32), 4, 2, 28, 28));
  const Image tall = pattern(41, 67);
  EXPECT_EQ(prepared(tall, spec), cropped(resized(tall, 32, 52), 2, 12, 28, 28));
}

TEST(Preprocess, ExactSquashes) {
  const Image photo = pattern(50, 20);
  PreprocessSpec spec = PreprocessSpec::unit(16);
  spec.mode = ResizeMode::kExact;
  spec.width = 12;
  EXPECT_EQ(prepared(photo, spec), resized(photo, 12, 16).pixels);
}

/// torchvision: CenterCrop(28) of 31 starts at round(1.5) = 2, of 33 at round(2.5) = 2.
TEST(Preprocess, ExactCropsWhereTorchvisionDoes) {
  const Image photo = pattern(50, 60);
  for (const int resized_to : {31, 33}) {
    PreprocessSpec spec = PreprocessSpec::unit(28);
    spec.mode = ResizeMode::kExact;
    spec.crop_fraction = 28.0 / resized_to;
    EXPECT_EQ(prepared(photo, spec), cropped(resized(photo, resized_to, resized_to), 2, 2, 28, 28)) << resized_to;
  }
}

/// timm's border: 40 × 20 within floor(16 / 0.8) = 20 is 20 × 10; 16 of the 20 columns stay, 3 rows of border each
/// side.
TEST(Preprocess, LetterboxCropsWhatIsWider) {
  const Image photo = pattern(40, 20);
  PreprocessSpec spec = PreprocessSpec::unit(16);
  spec.mode = ResizeMode::kLetterbox;
  spec.crop_fraction = 0.8;
  const std::vector<std::uint8_t> made = prepared(photo, spec), inner = cropped(resized(photo, 20, 10), 2, 0, 16, 10);
  const std::size_t border = std::size_t{3} * 16 * 3;
  for (std::size_t i = 0; i < made.size(); ++i)
    ASSERT_EQ(made[i], i < border || i >= border + inner.size() ? 0 : inner[i - border]) << i;
}

TEST(Preprocess, BuffersHaveLimits) {
  PreprocessSpec spec = PreprocessSpec::unit(224);
  EXPECT_EQ(spec.batch_bytes(8), std::size_t{8} * 224 * 224 * 3);
  EXPECT_EQ(kind_of([&] { spec.batch_bytes(200'000); }), ErrorKind::kInvalidArgument);
  EXPECT_EQ(kind_of([&] { spec.batch_bytes(std::numeric_limits<std::int64_t>::max()); }), ErrorKind::kInvalidArgument);
  EXPECT_EQ(kind_of([&] { spec.batch_bytes(-1); }), ErrorKind::kInvalidArgument);
  spec.height = spec.width = kMostInputSide;
  EXPECT_EQ(spec.batch_bytes(1), std::size_t{3} << 28);
  EXPECT_EQ(kind_of([&] { spec.batch_bytes(1000); }), ErrorKind::kInvalidArgument);
  spec.width = kMostInputSide + 1;
  EXPECT_EQ(kind_of([&] { spec.batch_bytes(1); }), ErrorKind::kInvalidArgument);
  spec.width = 0;
  EXPECT_EQ(kind_of([&] { spec.batch_bytes(1); }), ErrorKind::kInvalidArgument);
}

TEST(Preprocess, LetterboxFillsTheBorder) {
  const Image photo = pattern(40, 20);
  PreprocessSpec spec = PreprocessSpec::unit(16);
  spec.mode = ResizeMode::kLetterbox;
  spec.fill = {1, 2, 3};
  const std::vector<std::uint8_t> made = prepared(photo, spec);
  const Image inner = resized(photo, 16, 8);
  for (std::size_t i = 0; i < made.size(); ++i) {
    const bool border = i < 4 * 16 * 3 || i >= 12 * 16 * 3;
    ASSERT_EQ(made[i], border ? spec.fill[i % 3] : inner.pixels[i - std::size_t{4} * 16 * 3]) << i;
  }
}

TEST(Preprocess, ColorOrders) {
  Image dot(1, 1);
  dot.pixels = {200, 100, 50};
  PreprocessSpec spec = PreprocessSpec::unit(1);
  spec.color = ColorOrder::kBgr;
  EXPECT_EQ(prepared(dot, spec), (std::vector<std::uint8_t>{50, 100, 200}));
  spec.color = ColorOrder::kGray;  // 0.299 R + 0.587 G + 0.114 B
  EXPECT_EQ(prepared(dot, spec), std::vector<std::uint8_t>{124});
}

TEST(Preprocess, AnySizeOfPhoto) {
  const std::pair<int, int> sizes[] = {{1, 1}, {1, 10000}, {10000, 1}, {2, 3}, {65535, 1}};
  for (const auto& [width, height] : sizes) {
    Image photo(width, height);
    std::ranges::fill(photo.pixels, std::uint8_t{60});
    for (const auto mode : {ResizeMode::kShortSide, ResizeMode::kExact, ResizeMode::kLetterbox}) {
      PreprocessSpec spec = PreprocessSpec::imagenet(32);
      spec.mode = mode;
      spec.fill = {60, 60, 60};
      EXPECT_EQ(prepared(photo, spec), std::vector<std::uint8_t>(spec.pixel_bytes(), 60)) << width << " " << height;
    }
  }
}

TEST(Preprocess, EncodedIsDecodeThenPreprocess) {
  const Image photo = smooth(320, 240);
  const Bytes jpeg = encode_jpeg(photo);
  PreprocessSpec spec = PreprocessSpec::imagenet(28);
  std::vector<std::uint8_t> made(spec.pixel_bytes());
  preprocess_encoded(jpeg, spec, {}, made);
  EXPECT_EQ(made, prepared(decode(jpeg), spec));
  spec.scaled_decode = true;
  preprocess_encoded(jpeg, spec, {}, made);
  EXPECT_EQ(made, prepared(decode(jpeg, {}, 32), spec));
  EXPECT_NE(made, prepared(decode(jpeg), spec));
}

TEST(Preprocess, WrongArguments) {
  const Image photo = pattern(4, 4);
  std::vector<std::uint8_t> pixels(5);
  EXPECT_EQ(kind_of([&] { preprocess(photo.view(), PreprocessSpec::unit(4), pixels); }), ErrorKind::kInvalidArgument);
  pixels.resize(48);
  EXPECT_EQ(kind_of([&] { preprocess({}, PreprocessSpec::unit(4), pixels); }), ErrorKind::kInvalidArgument);
}

}  // namespace
}  // namespace fovea
