#include "image/preprocess.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "base/error.h"
#include "base/memory_error.h"
#include "image/placement.h"

namespace fovea {
namespace {

/// Sides before the crop.
struct Sides {
  std::int64_t width, height;
};
Sides before_crop(const PreprocessSpec& spec) {
  const auto side = [&](int wanted) {
    return static_cast<std::int64_t>(std::floor(wanted / spec.crop_fraction + 1e-9));
  };
  return {side(spec.width), side(spec.height)};
}

/// Where a centre crop begins, as in torchvision: half of an odd margin goes to the even neighbour.
std::int64_t centre(std::int64_t from, std::int64_t to) {
  return static_cast<std::int64_t>(std::nearbyint(static_cast<double>(from - to) / 2.0));
}

/// Sizes before the crop, as torchvision computes them: the short side is size / fraction, the long side is truncated.
Placement short_side(const ImageView& image, const PreprocessSpec& spec) {
  const auto [width, height] = before_crop(spec);
  // The scale that covers both sides; for a square target that is the short side's.
  const bool by_width = image.width * height <= image.height * width;
  Placement placed;
  placed.box = {0, 0, static_cast<double>(image.width), static_cast<double>(image.height), width, height};
  if (by_width)
    placed.box.out_height = std::max<std::int64_t>(height, width * image.height / image.width);
  else
    placed.box.out_width = std::max<std::int64_t>(width, height * image.width / image.height);
  placed.window = {centre(placed.box.out_width, spec.width), centre(placed.box.out_height, spec.height), spec.width,
                   spec.height};
  return placed;
}

/// Both sides to size / fraction, whatever the aspect.
Placement exact(const ImageView& image, const PreprocessSpec& spec) {
  const auto [width, height] = before_crop(spec);
  Placement placed;
  placed.box = {0, 0, static_cast<double>(image.width), static_cast<double>(image.height), width, height};
  placed.window = {centre(width, spec.width), centre(height, spec.height), spec.width, spec.height};
  return placed;
}

/// One axis of letterbox: what is left of `resized` around the centre, or the border before it.
struct Span {
  std::int64_t from;
  int size, border;
};
Span fit(std::int64_t resized, int wanted) {
  if (resized >= wanted) return {centre(resized, wanted), wanted, 0};
  return {0, static_cast<int>(resized), static_cast<int>((wanted - resized) / 2)};
}

/// All of the photo within size / fraction, then cropped or bordered to the size about the centre.
Placement letterbox(const ImageView& image, const PreprocessSpec& spec) {
  const auto [most_width, most_height] = before_crop(spec);
  const double ratio = std::max(static_cast<double>(image.width) / static_cast<double>(most_width),
                                static_cast<double>(image.height) / static_cast<double>(most_height));
  const auto side = [&](int from, std::int64_t most) {
    return std::clamp<std::int64_t>(static_cast<std::int64_t>(std::nearbyint(from / ratio)), 1, most);
  };
  Placement placed;
  placed.box = {0,
                0,
                static_cast<double>(image.width),
                static_cast<double>(image.height),
                side(image.width, most_width),
                side(image.height, most_height)};
  const Span x = fit(placed.box.out_width, spec.width), y = fit(placed.box.out_height, spec.height);
  placed.window = {x.from, y.from, x.size, y.size};
  placed.left = x.border;
  placed.top = y.border;
  return placed;
}

}  // namespace

Placement place(int width, int height, const PreprocessSpec& spec) {
  const ImageView image{nullptr, width, height, 0, PixelFormat::kRgb};
  constexpr Placement (*kModes[])(const ImageView&, const PreprocessSpec&) = {short_side, exact, letterbox};
  return kModes[static_cast<int>(spec.mode)](image, spec);
}

namespace {

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
  for (std::size_t i = 0; i * step < pixels.size(); ++i)
    put_pixel(spec.fill.data(), spec.color, pixels.data() + i * step);
  for (std::size_t y = 0; y < height; ++y) {
    const std::size_t row = (y + static_cast<std::size_t>(placed.top)) * static_cast<std::size_t>(spec.width) +
                            static_cast<std::size_t>(placed.left);
    for (std::size_t x = 0; x < width; ++x)
      put_pixel(rgb.data() + (y * width + x) * 3, spec.color, pixels.data() + (row + x) * step);
  }
}

}  // namespace

void put_pixel(const std::uint8_t* rgb, ColorOrder color, std::uint8_t* to) {
  if (color == ColorOrder::kGray) {
    to[0] = static_cast<std::uint8_t>((rgb[0] * 19595 + rgb[1] * 38470 + rgb[2] * 7471 + 0x8000) >> 16);
    return;
  }
  const bool swap = color == ColorOrder::kBgr;
  to[0] = rgb[swap ? 2 : 0];
  to[1] = rgb[1];
  to[2] = rgb[swap ? 0 : 2];
}

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
  with_memory_errors("preprocess", [&] { place_pixels(image, spec, place(image.width, image.height, spec), pixels); });
}

std::size_t PreprocessSpec::batch_bytes(std::int64_t images) const {
  require(height >= 1 && width >= 1 && height <= kMostInputSide && width <= kMostInputSide, ErrorKind::kInvalidArgument,
          "[preprocess] an input of {} × {}, expected sides from 1 to {}", height, width, kMostInputSide);
  const std::uint64_t most = kMostInputBytes / pixel_bytes();
  require(images >= 0 && static_cast<std::uint64_t>(images) <= most, ErrorKind::kInvalidArgument,
          "[preprocess] a batch of {} images of {} × {} × {}, at most {} are {} GiB", images, height, width, channels(),
          most, kMostInputBytes >> 30);
  return static_cast<std::size_t>(images) * pixel_bytes();
}

Image picture_of(std::span<const std::uint8_t> pixels, const PreprocessSpec& spec) {
  Image image(spec.width, spec.height);
  const auto channels = static_cast<std::size_t>(spec.channels());
  for (std::size_t i = 0; i < image.pixels.size(); ++i) {
    const std::size_t c = i % 3;
    const std::size_t source = channels == 1 ? 0 : spec.color == ColorOrder::kBgr ? 2 - c : c;
    image.pixels[i] = pixels[i / 3 * channels + source];
  }
  return image;
}

Image decode_for(std::span<const std::byte> encoded, const PreprocessSpec& spec, const DecodeLimits& limits) {
  const auto [width, height] = before_crop(spec);
  return decode(encoded, limits, spec.scaled_decode ? static_cast<int>(std::max(width, height)) : 0);
}

void preprocess_encoded(std::span<const std::byte> encoded, const PreprocessSpec& spec, const DecodeLimits& limits,
                        std::span<std::uint8_t> pixels) {
  preprocess(decode_for(encoded, spec, limits).view(), spec, pixels);
}

}  // namespace fovea
