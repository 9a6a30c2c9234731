#include "image/preprocess.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "base/error.h"
#include "base/memory_error.h"
#include "image/resize.h"

namespace fovea {
namespace {

/// Where the resized image meets the output: the window that is computed and where it lands (letterbox leaves borders).
struct Placement {
  ResizeBox box;
  CropWindow window;
  int left = 0, top = 0;
};

/// Sizes before the crop, as torchvision computes them: the short side is size / fraction, the long side is truncated.
Placement short_side(const ImageView& image, const PreprocessSpec& spec) {
  const auto width = static_cast<std::int64_t>(std::floor(spec.width / spec.crop_fraction + 1e-9));
  const auto height = static_cast<std::int64_t>(std::floor(spec.height / spec.crop_fraction + 1e-9));
  // The scale that covers both sides; for a square target that is the short side's.
  const bool by_width = image.width * height <= image.height * width;
  Placement placed;
  placed.box = {0, 0, static_cast<double>(image.width), static_cast<double>(image.height), width, height};
  if (by_width)
    placed.box.out_height = std::max<std::int64_t>(height, width * image.height / image.width);
  else
    placed.box.out_width = std::max<std::int64_t>(width, height * image.width / image.height);
  const auto centre = [](std::int64_t from, int to) {
    return static_cast<std::int64_t>(std::nearbyint(static_cast<double>(from - to) / 2.0));
  };
  placed.window = {centre(placed.box.out_width, spec.width), centre(placed.box.out_height, spec.height), spec.width,
                   spec.height};
  return placed;
}

/// Both sides to size / fraction, whatever the aspect.
Placement exact(const ImageView& image, const PreprocessSpec& spec) {
  const auto width = static_cast<std::int64_t>(std::floor(spec.width / spec.crop_fraction + 1e-9));
  const auto height = static_cast<std::int64_t>(std::floor(spec.height / spec.crop_fraction + 1e-9));
  Placement placed;
  placed.box = {0, 0, static_cast<double>(image.width), static_cast<double>(image.height), width, height};
  placed.window = {(width - spec.width) / 2, (height - spec.height) / 2, spec.width, spec.height};
  return placed;
}

Placement letterbox(const ImageView& image, const PreprocessSpec& spec) {
  const double scale =
      std::min(static_cast<double>(spec.width) / image.width, static_cast<double>(spec.height) / image.height);
  const int width = std::clamp(static_cast<int>(std::lround(image.width * scale)), 1, spec.width);
  const int height = std::clamp(static_cast<int>(std::lround(image.height * scale)), 1, spec.height);
  Placement placed;
  placed.box = {0, 0, static_cast<double>(image.width), static_cast<double>(image.height), width, height};
  placed.window = {0, 0, width, height};
  placed.left = (spec.width - width) / 2;
  placed.top = (spec.height - height) / 2;
  return placed;
}

Placement place(const ImageView& image, const PreprocessSpec& spec) {
  constexpr Placement (*kModes[])(const ImageView&, const PreprocessSpec&) = {short_side, exact, letterbox};
  return kModes[static_cast<int>(spec.mode)](image, spec);
}

/// One RGB pixel in the spec's colour order. Grey: ITU-R 601 luma in 16-bit fixed point, as Pillow's "L".
void put(const std::uint8_t* rgb, ColorOrder color, std::uint8_t* to) {
  if (color == ColorOrder::kGray) {
    to[0] = static_cast<std::uint8_t>((rgb[0] * 19595 + rgb[1] * 38470 + rgb[2] * 7471 + 0x8000) >> 16);
    return;
  }
  const bool swap = color == ColorOrder::kBgr;
  to[0] = rgb[swap ? 2 : 0];
  to[1] = rgb[1];
  to[2] = rgb[swap ? 0 : 2];
}

void place_pixels(const ImageView& image, const PreprocessSpec& spec, const Placement& placed,
                  std::span<std::uint8_t> pixels) {
  const bool direct =
      spec.color == ColorOrder::kRgb && placed.window.width == spec.width && placed.window.height == spec.height;
  if (direct) return resize(image, placed.box, placed.window, spec.filter, spec.antialias, pixels);
  const auto width = static_cast<std::size_t>(placed.window.width);
  const auto height = static_cast<std::size_t>(placed.window.height);
  std::vector<std::uint8_t> rgb(width * height * 3);
  resize(image, placed.box, placed.window, spec.filter, spec.antialias, rgb);
  const auto step = static_cast<std::size_t>(spec.channels());
  for (std::size_t i = 0; i * step < pixels.size(); ++i) put(spec.fill.data(), spec.color, pixels.data() + i * step);
  for (std::size_t y = 0; y < height; ++y) {
    const std::size_t row = (y + static_cast<std::size_t>(placed.top)) * static_cast<std::size_t>(spec.width) +
                            static_cast<std::size_t>(placed.left);
    for (std::size_t x = 0; x < width; ++x)
      put(rgb.data() + (y * width + x) * 3, spec.color, pixels.data() + (row + x) * step);
  }
}

}  // namespace

PreprocessSpec PreprocessSpec::unit(int size) {
  PreprocessSpec spec;
  spec.height = spec.width = size;
  return spec;
}

PreprocessSpec PreprocessSpec::imagenet(int size) {
  PreprocessSpec spec;
  spec.height = spec.width = size;
  spec.crop_fraction = 0.875;
  spec.mean = {0.485F, 0.456F, 0.406F};
  spec.std = {0.229F, 0.224F, 0.225F};
  return spec;
}

void preprocess(const ImageView& image, const PreprocessSpec& spec, std::span<std::uint8_t> pixels) {
  require(image.width > 0 && image.height > 0, ErrorKind::kInvalidArgument, "[preprocess] the image is {} × {}",
          image.width, image.height);
  require(pixels.size() == spec.pixel_bytes(), ErrorKind::kInvalidArgument,
          "[preprocess] {} bytes for {} × {} × {} pixels", pixels.size(), spec.height, spec.width, spec.channels());
  with_memory_errors("preprocess", [&] { place_pixels(image, spec, place(image, spec), pixels); });
}

void preprocess_encoded(std::span<const std::byte> encoded, const PreprocessSpec& spec, const DecodeLimits& limits,
                        std::span<std::uint8_t> pixels) {
  const int side = static_cast<int>(std::max(spec.width, spec.height) / spec.crop_fraction);
  const Image image = decode(encoded, limits, spec.scaled_decode ? side : 0);
  preprocess(image.view(), spec, pixels);
}

}  // namespace fovea
