#include "testing/photo_folder.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/io/file.h"
#include "base/random.h"
#include "image/encode.h"

namespace fovea {

Image colored_photo(int label, std::uint64_t seed, int width, int height) {
  Image image(width, height);
  Random random{seed, static_cast<std::uint64_t>(label)};
  for (std::size_t i = 0; i < image.pixels.size(); ++i) {
    const bool own = static_cast<int>(i % 3) == label % 3;
    const double level = (own ? 160 : 80) + (label / 3) * 40 + 30 * random.normal();
    image.pixels[i] = static_cast<std::uint8_t>(std::clamp(level, 0.0, 255.0));
  }
  return image;
}

std::vector<std::filesystem::path> make_photo_folder(const std::filesystem::path& root,
                                                     const std::vector<std::string>& classes, int per_class, int size,
                                                     std::uint64_t seed) {
  std::vector<std::filesystem::path> files;
  for (std::size_t label = 0; label < classes.size(); ++label) {
    for (int i = 0; i < per_class; ++i) {
      const auto key = seed * 100003 + static_cast<std::uint64_t>(i);
      files.push_back(root / classes[label] / fmt::format("{:03}.png", i));
      write_atomic(files.back(), encode_png(colored_photo(static_cast<int>(label), key, size + i % 7, size)));
    }
  }
  return files;
}

}  // namespace fovea
