#include "pipeline/preprocessing.h"

#include <array>
#include <numeric>

#include "base/error.h"
#include "base/io/file.h"
#include "base/log/clock.h"
#include "base/log/progress.h"
#include "data/loader.h"
#include "image/encode.h"
#include "image/resize.h"

namespace fovea {
namespace {

using Counts = std::array<std::uint64_t, 256>;

/// Value that a u8 pixel of channel `c` becomes.
double value_of(const PreprocessSpec& spec, int pixel, std::size_t c) {
  return (pixel * static_cast<double>(spec.scale) - static_cast<double>(spec.mean[c])) /
         static_cast<double>(spec.std[c]);
}

Image shown(const Image& image) {
  constexpr int kMost = 360;
  const int longest = std::max(image.width, image.height);
  if (longest <= kMost) return image;
  return resized(image, std::max(1, image.width * kMost / longest), std::max(1, image.height * kMost / longest));
}

std::string operation_text(const PreprocessSpec& spec) {
  constexpr std::array<const char*, 3> kModes = {"resize the short side and crop", "resize", "resize into a frame"};
  const bool unit = spec.mean == std::array<float, 3>{0, 0, 0} && spec.std == std::array<float, 3>{1, 1, 1};
  const bool by_255 = std::abs(spec.scale * 255 - 1) < 1e-6F;
  std::string text = kModes.at(static_cast<std::size_t>(spec.mode));
  text += by_255 ? ", ÷ 255" : spec.scale == 1 ? "" : fmt::format(", × {}", spec.scale);
  return unit ? text : text + ", − mean, ÷ deviation";
}

std::string range_text(const PreprocessSpec& spec) {
  double low = value_of(spec, 0, 0);
  double high = value_of(spec, 255, 0);
  for (std::size_t c = 1; c < 3; ++c) {
    low = std::min(low, value_of(spec, 0, c));
    high = std::max(high, value_of(spec, 255, c));
  }
  return fmt::format("{:.3g}–{:.3g}", low, high);
}

/// All images once through the loader, on all cores; fills the histogram of the prepared pixels.
double prepare_all(const DataIn& data, const PreprocessSpec& spec, const DecodeLimits& limits, Counts& after) {
  LoaderOptions options;
  options.spec = spec;
  options.limits = limits;
  options.order.resize(data.dataset.samples.size());
  std::iota(options.order.begin(), options.order.end(), 0);
  const Stopwatch watch;
  Loader loader(data.dataset, options);
  Progress progress("preprocessing", static_cast<std::int64_t>(options.order.size()), "images");
  while (std::optional<Batch> batch = loader.next()) {
    for (const std::uint8_t pixel : batch->pixels) ++after[pixel];
    progress.advance(batch->size());
  }
  return watch.seconds();
}

}  // namespace

StageTrace trace_preprocessing(const DataIn& data, const PreprocessSpec& spec, const DecodeLimits& limits) {
  const std::size_t images = data.dataset.samples.size();
  const Sample& sample = data.dataset.samples[static_cast<std::size_t>(data.val.empty() ? 0 : data.val.front())];
  const Image original = decode(read_file(sample.file, limits.max_bytes), limits);
  std::vector<std::uint8_t> pixels(spec.pixel_bytes());
  preprocess(original.view(), spec, pixels);
  Counts before = {};
  Counts after = {};
  for (const std::uint8_t pixel : original.pixels) ++before[pixel];
  StageTrace stage;
  stage.id = "preprocessing";
  stage.title = "Preprocessing";
  stage.seconds = prepare_all(data, spec, limits, after);
  const int x = spec.width / 2;
  const int y = spec.height / 2;
  const auto step = static_cast<std::size_t>(spec.channels());
  const std::size_t at =
      (static_cast<std::size_t>(y) * static_cast<std::size_t>(spec.width) + static_cast<std::size_t>(x)) * step;
  nlohmann::json pixel_before = nlohmann::json::array();
  nlohmann::json pixel_after = nlohmann::json::array();
  for (std::size_t c = 0; c < step; ++c) {
    pixel_before.push_back(pixels[at + c]);
    pixel_after.push_back(value_of(spec, pixels[at + c], c));
  }
  stage.input = fmt::format("{} images u8 0–255", images);
  stage.operation = operation_text(spec);
  stage.output = fmt::format("{} × {} × {} × {} f32 {}", images, spec.height, spec.width, step, range_text(spec));
  stage.example = fmt::format("pixel {} → {:.2f}", pixels[at], value_of(spec, pixels[at], 0));
  stage.details = {{"spec", to_json(spec)},
                   {"images_per_second", static_cast<double>(images) / std::max(stage.seconds, 1e-9)},
                   {"original",
                    {{"uri", data_uri("image/jpeg", encode_jpeg(shown(original), 85))},
                     {"width", original.width},
                     {"height", original.height},
                     {"file", sample.file.filename().string()}}},
                   {"prepared",
                    {{"uri", data_uri("image/png", encode_png(picture_of(pixels, spec)))},
                     {"width", spec.width},
                     {"height", spec.height}}},
                   {"pixel", {{"x", x}, {"y", y}, {"before", pixel_before}, {"after", pixel_after}}},
                   {"histogram", {{"before", before}, {"after", after}}}};
  return stage;
}

}  // namespace fovea
