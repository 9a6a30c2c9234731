#include "data/augment.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/error.h"
#include "base/memory_error.h"
#include "image/resize.h"

namespace fovea {
namespace {

struct Named {
  std::string_view name;
  Augmentation how;
};
constexpr Named kNamed[] = {{"none", {1.0, 0.0, 0.0F}},
                            {"light", {0.7, 0.5, 0.1F}},
                            {"standard", {0.35, 0.5, 0.3F}},
                            {"strong", {0.12, 0.5, 0.4F}}};

/// Random resized crop (Szegedy 2015): area fraction uniform, aspect log-uniform in [3/4, 4/3]; the centre when ten
/// tries found no box that fits.
void crop_resized(const ImageView& image, const PreprocessSpec& spec, double min_area, Random& random,
                  std::span<std::uint8_t> pixels) {
  const double area = static_cast<double>(image.width) * image.height;
  double w = std::min(image.width, image.height);
  double h = w;
  double x = (image.width - w) / 2;
  double y = (image.height - h) / 2;
  for (int attempt = 0; attempt < 10; ++attempt) {
    const double target = area * random.uniform(min_area, 1.0);
    const double aspect = std::exp(random.uniform(std::log(3.0 / 4.0), std::log(4.0 / 3.0)));
    const double try_w = std::sqrt(target * aspect);
    const double try_h = std::sqrt(target / aspect);
    if (try_w > image.width || try_h > image.height) continue;
    w = try_w;
    h = try_h;
    x = random.uniform(0, image.width - w);
    y = random.uniform(0, image.height - h);
    break;
  }
  resize_region(image, x, y, w, h, spec.width, spec.height, spec.filter, spec.antialias, pixels);
}

void mirror(std::span<std::uint8_t> pixels, const PreprocessSpec& spec) {
  const int c = spec.channels();
  for (int y = 0; y < spec.height; ++y) {
    std::uint8_t* row = pixels.data() + static_cast<std::ptrdiff_t>(y) * spec.width * c;
    for (int left = 0, right = spec.width - 1; left < right; ++left, --right)
      std::swap_ranges(row + left * c, row + left * c + c, row + right * c);
  }
}

/// Saturation, contrast and brightness as one affine map of each pixel: v → a·v + s·grey + o.
void jitter_colors(std::span<std::uint8_t> pixels, const PreprocessSpec& spec, float jitter, Random& random) {
  const auto factor = [&] { return static_cast<float>(random.uniform(1.0 - jitter, 1.0 + jitter)); };
  const float brightness = factor();
  const float contrast = factor();
  const float saturation = factor();
  double sum = 0;
  for (const std::uint8_t value : pixels) sum += value;
  const float mean = static_cast<float>(sum / static_cast<double>(std::max<std::size_t>(1, pixels.size())));
  const float own = brightness * contrast * saturation;
  const float grey_part = brightness * contrast * (1 - saturation);
  const float offset = brightness * (1 - contrast) * mean;
  const auto clamp8 = [](float v) { return static_cast<std::uint8_t>(std::clamp(v + 0.5F, 0.0F, 255.0F)); };
  const auto c = static_cast<std::size_t>(spec.channels());
  for (std::size_t i = 0; i + c <= pixels.size(); i += c) {
    float grey = 0;
    for (std::size_t k = 0; k < c; ++k) grey += pixels[i + k];
    grey /= static_cast<float>(c);
    for (std::size_t k = 0; k < c; ++k) pixels[i + k] = clamp8(own * pixels[i + k] + grey_part * grey + offset);
  }
}

void crop(const ImageView& image, const PreprocessSpec& spec, double min_area, Random& random,
          std::span<std::uint8_t> pixels) {
  if (spec.color == ColorOrder::kRgb) return crop_resized(image, spec, min_area, random, pixels);
  std::vector<std::uint8_t> rgb(static_cast<std::size_t>(spec.width) * static_cast<std::size_t>(spec.height) * 3);
  crop_resized(image, spec, min_area, random, rgb);
  const auto channels = static_cast<std::size_t>(spec.channels());
  for (std::size_t i = 0; i * 3 < rgb.size(); ++i)
    put_pixel(rgb.data() + i * 3, spec.color, pixels.data() + i * channels);
}

}  // namespace

Augmentation Augmentation::by_name(const std::string& name) {
  for (const Named& named : kNamed)
    if (named.name == name) return named.how;
  fail(ErrorKind::kInvalidArgument, "[augment] unknown augmentation \"{}\", expected none, light, standard or strong",
       name);
}

void augment(const ImageView& image, const PreprocessSpec& spec, const Augmentation& how, Random random,
             std::span<std::uint8_t> pixels) {
  if (how.min_area < 1.0) {
    with_memory_errors("augment", [&] { crop(image, spec, how.min_area, random, pixels); });
  } else {
    preprocess(image, spec, pixels);
  }
  if (random.chance(how.flip)) mirror(pixels, spec);
  if (how.jitter > 0) jitter_colors(pixels, spec, how.jitter, random);
}

}  // namespace fovea
