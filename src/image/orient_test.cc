#include "image/orient.h"

#include "image/test_pattern.h"

namespace fovea {
namespace {

/// Reds of a picture, row by row.
std::string letters(const Image& image) {
  std::string text;
  for (std::size_t i = 0; i < image.pixels.size(); i += 3) text += static_cast<char>(image.pixels[i]);
  return text;
}

TEST(Orient, AllEight) {
  Image image(3, 2);  // abc
                      // def
  for (std::size_t i = 0; i < 6; ++i) std::fill_n(image.pixels.begin() + std::ptrdiff_t(i) * 3, 3, 'a' + char(i));
  const struct {
    int orientation, width;
    std::string_view expected;
  } cases[] = {{1, 3, "abcdef"}, {2, 3, "cbafed"}, {3, 3, "fedcba"}, {4, 3, "defabc"}, {5, 2, "adbecf"},
               {6, 2, "daebfc"}, {7, 2, "fcebda"}, {8, 2, "cfbead"}, {0, 3, "abcdef"}, {9, 3, "abcdef"}};
  for (const auto& [orientation, width, expected] : cases) {
    const Image turned = upright(image, orientation);
    EXPECT_EQ(letters(turned), expected) << orientation;
    EXPECT_EQ(turned.width, width) << orientation;
    EXPECT_EQ(turned.height, 6 / width) << orientation;
  }
}

}  // namespace
}  // namespace fovea
