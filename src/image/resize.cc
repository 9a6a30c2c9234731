#include "image/resize.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <vector>

#include "base/error.h"

namespace fovea {
namespace {

constexpr int kPrecision = kWeightBits;

double triangle(double x) { return std::max(0.0, 1.0 - std::abs(x)); }

double cubic(double x) {  // Keys 1981, a = −0.5
  constexpr double kA = -0.5;
  x = std::abs(x);
  if (x < 1) return ((kA + 2) * x - (kA + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * kA : 0;
}

double sinc(double x) { return x == 0 ? 1 : std::sin(std::numbers::pi * x) / (std::numbers::pi * x); }

double lanczos(double x) { return std::abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0; }

struct Kernel {
  double (*weight)(double);
  double support;
};
constexpr std::array<Kernel, 4> kKernels = {{{nullptr, 0}, {triangle, 1}, {cubic, 2}, {lanczos, 3}}};

Taps nearest_taps(const Axis& axis) {
  Taps taps;
  taps.weights.push_back(1 << kPrecision);
  const double scale = axis.span / static_cast<double>(axis.out);
  for (int i = 0; i < axis.count; ++i) {
    const double center = axis.start + (static_cast<double>(axis.from + i) + 0.5) * scale;
    taps.positions.push_back({std::clamp(static_cast<int>(center), 0, axis.size - 1), 1, 0});
  }
  return taps;
}

}  // namespace

Taps make_taps(const Axis& axis, ResizeFilter filter, bool antialias) {
  if (filter == ResizeFilter::kNearest) return nearest_taps(axis);
  const Kernel& kernel = kKernels.at(static_cast<std::size_t>(filter));
  const double scale = axis.span / static_cast<double>(axis.out);
  const double stretch = antialias ? std::max(1.0, scale) : 1.0;
  const double support = kernel.support * stretch;
  Taps taps;
  std::vector<double> real;
  for (int i = 0; i < axis.count; ++i) {
    const double center = axis.start + (static_cast<double>(axis.from + i) + 0.5) * scale;
    const int first = std::clamp(static_cast<int>(center - support + 0.5), 0, axis.size - 1);
    const int last = std::clamp(static_cast<int>(center + support + 0.5), first + 1, axis.size);
    real.clear();
    double sum = 0;
    for (int x = first; x < last; ++x) sum += real.emplace_back(kernel.weight((x - center + 0.5) / stretch));
    taps.positions.push_back({first, last - first, taps.weights.size()});
    for (const double weight : real)
      taps.weights.push_back(static_cast<std::int32_t>(std::lround(sum == 0 ? 0 : weight / sum * (1 << kPrecision))));
    if (sum == 0) taps.weights[taps.positions.back().weights] = 1 << kPrecision;
  }
  return taps;
}

namespace {

std::uint8_t to_pixel(std::int32_t sum) {
  return static_cast<std::uint8_t>(std::clamp((sum + (1 << (kPrecision - 1))) >> kPrecision, 0, 255));
}

/// Where red, green and blue stand in a pixel of each format.
std::array<int, 3> channel_places(PixelFormat format) {
  switch (format) {
    case PixelFormat::kGray:
      return {0, 0, 0};
    case PixelFormat::kRgb:
    case PixelFormat::kRgba:
      return {0, 1, 2};
    case PixelFormat::kBgr:
    case PixelFormat::kBgra:
      return {2, 1, 0};
  }
  return {0, 1, 2};
}

template <int kStep>
void horizontal(const std::uint8_t* row, const std::array<int, 3>& places, const Taps& taps, std::uint8_t* out) {
  for (const Taps::Position& position : taps.positions) {
    const std::int32_t* weight = taps.weights.data() + position.weights;
    const std::uint8_t* from = row + static_cast<std::ptrdiff_t>(position.first) * kStep;
    std::int32_t r = 0;
    std::int32_t g = 0;
    std::int32_t b = 0;
    for (int k = 0; k < position.count; ++k, from += kStep) {
      r += weight[k] * from[places[0]];
      g += weight[k] * from[places[1]];
      b += weight[k] * from[places[2]];
    }
    *out++ = to_pixel(r);
    *out++ = to_pixel(g);
    *out++ = to_pixel(b);
  }
}

void vertical(const std::uint8_t* rows, std::size_t row_bytes, const Taps& taps, int first_row, std::uint8_t* out) {
  std::vector<std::int32_t> sums(row_bytes);
  for (const Taps::Position& position : taps.positions) {
    std::ranges::fill(sums, 0);
    for (int k = 0; k < position.count; ++k) {
      const std::int32_t weight = taps.weights[position.weights + static_cast<std::size_t>(k)];
      const std::uint8_t* row = rows + static_cast<std::size_t>(position.first + k - first_row) * row_bytes;
      for (std::size_t i = 0; i < row_bytes; ++i) sums[i] += weight * row[i];
    }
    for (std::size_t i = 0; i < row_bytes; ++i) *out++ = to_pixel(sums[i]);
  }
}

}  // namespace

void resize(const ImageView& image, const ResizeBox& box, const CropWindow& window, ResizeFilter filter, bool antialias,
            std::span<std::uint8_t> rgb) {
  constexpr double kSlack = 1e-6;
  require(image.data != nullptr && box.width > 0 && box.height > 0 && box.x >= -kSlack && box.y >= -kSlack &&
              box.x + box.width <= image.width + kSlack && box.y + box.height <= image.height + kSlack,
          ErrorKind::kInvalidArgument, "[resize] box {} × {} at ({}, {}) of an image of {} × {}", box.width, box.height,
          box.x, box.y, image.width, image.height);
  const std::size_t row_bytes = static_cast<std::size_t>(window.width) * 3;
  require(window.width > 0 && window.height > 0 && window.x >= 0 && window.y >= 0 &&
              window.x + window.width <= box.out_width && window.y + window.height <= box.out_height &&
              rgb.size() == row_bytes * static_cast<std::size_t>(window.height),
          ErrorKind::kInvalidArgument, "[resize] window {} × {} of a result of {} × {} into {} bytes", window.width,
          window.height, box.out_width, box.out_height, rgb.size());
  const Taps across =
      make_taps({image.width, box.x, box.width, box.out_width, window.x, window.width}, filter, antialias);
  const Taps down =
      make_taps({image.height, box.y, box.height, box.out_height, window.y, window.height}, filter, antialias);
  const int first_row = down.begin();
  const int rows = down.end() - first_row;
  std::vector<std::uint8_t> narrowed(row_bytes * static_cast<std::size_t>(rows));
  const std::array<int, 3> places = channel_places(image.format);
  const auto pass = image.format == PixelFormat::kGray ? horizontal<1>
                    : channels(image.format) == 3      ? horizontal<3>
                                                       : horizontal<4>;
  for (int y = 0; y < rows; ++y)
    pass(image.data + image.stride * (first_row + y), places, across,
         narrowed.data() + row_bytes * static_cast<std::size_t>(y));
  vertical(narrowed.data(), row_bytes, down, first_row, rgb.data());
}

void resize_region(const ImageView& image, double x, double y, double width, double height, int out_width,
                   int out_height, ResizeFilter filter, bool antialias, std::span<std::uint8_t> rgb) {
  resize(image, {x, y, width, height, out_width, out_height}, {0, 0, out_width, out_height}, filter, antialias, rgb);
}

Image resized(const Image& image, int width, int height, ResizeFilter filter, bool antialias) {
  Image made(width, height);
  resize_region(image.view(), 0, 0, image.width, image.height, width, height, filter, antialias, made.pixels);
  return made;
}

}  // namespace fovea
