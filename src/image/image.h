#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace fovea {

enum class PixelFormat { kRgb, kBgr, kGray, kRgba, kBgra };

int channels(PixelFormat format);

/// Somebody else's pixels: u8, interleaved, `stride` bytes from row to row (a cv::Mat without copying). Not owned.
struct ImageView {
  const std::uint8_t* data = nullptr;
  int width = 0;
  int height = 0;
  std::ptrdiff_t stride = 0;
  PixelFormat format = PixelFormat::kRgb;
};

/// A decoded picture: u8 RGB, h × w × 3, rows without padding.
struct Image {
  int width = 0;
  int height = 0;
  std::vector<std::uint8_t> pixels;

  Image() = default;
  Image(int w, int h) : width(w), height(h), pixels(static_cast<std::size_t>(w) * static_cast<std::size_t>(h) * 3) {}
  ImageView view() const { return {pixels.data(), width, height, std::ptrdiff_t{3} * width, PixelFormat::kRgb}; }
  std::uint8_t* at(int x, int y) {
    return pixels.data() +
           (static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + static_cast<std::size_t>(x)) * 3;
  }
};

}  // namespace fovea
