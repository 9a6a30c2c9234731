#include <algorithm>

#include "classifier/attention.h"

namespace fovea {
namespace {

constexpr std::uint8_t kGrey = 128;

struct Patch {
  int top, bottom, left, right;
};

Patch patch_at(int row, int column, int grid, const PreprocessSpec& spec) {
  const auto edge = [&](int half_cells, int side) { return std::clamp(half_cells * side / (2 * grid), 0, side); };
  return {edge(2 * row - 1, spec.height), edge(2 * row + 3, spec.height), edge(2 * column - 1, spec.width),
          edge(2 * column + 3, spec.width)};
}

void cover(std::span<std::uint8_t> pixels, const Patch& patch, const PreprocessSpec& spec) {
  const auto channels = static_cast<std::size_t>(spec.channels()), width = static_cast<std::size_t>(spec.width);
  for (int y = patch.top; y < patch.bottom; ++y) {
    const auto begin = (static_cast<std::size_t>(y) * width + static_cast<std::size_t>(patch.left)) * channels;
    std::fill_n(pixels.begin() + static_cast<std::ptrdiff_t>(begin),
                static_cast<std::size_t>(patch.right - patch.left) * channels, kGrey);
  }
}

}  // namespace

Attention occlusion_map(const Classifier& classifier, std::span<const std::uint8_t> pixels, int class_index, int grid) {
  const PreprocessSpec& spec = classifier.info().preprocess;
  grid = std::clamp(grid, 1, std::min(spec.width, spec.height));
  const auto classes = static_cast<std::size_t>(classifier.classes()), column = static_cast<std::size_t>(class_index);
  std::vector<float> probabilities(classes);
  classifier.run(pixels, 1, probabilities);
  const float whole = probabilities[column];
  Attention attention{"occlusion", class_index, grid, grid, {}};
  std::vector<std::uint8_t> row(pixels.size() * static_cast<std::size_t>(grid));
  probabilities.resize(classes * static_cast<std::size_t>(grid));
  for (int y = 0; y < grid; ++y) {  // a row of the grid is one batch
    for (int x = 0; x < grid; ++x) {
      const auto image = std::span(row).subspan(static_cast<std::size_t>(x) * pixels.size(), pixels.size());
      std::copy(pixels.begin(), pixels.end(), image.begin());
      cover(image, patch_at(y, x, grid, spec), spec);
    }
    classifier.run(row, grid, probabilities);
    for (int x = 0; x < grid; ++x)
      attention.map.push_back(std::max(0.0F, whole - probabilities[static_cast<std::size_t>(x) * classes + column]));
  }
  const float most = *std::max_element(attention.map.begin(), attention.map.end());
  for (float& value : attention.map) value = most > 0 ? value / most : 0;
  return attention;
}

}  // namespace fovea
