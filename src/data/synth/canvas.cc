#include "data/synth/canvas.h"

namespace fovea::synth {
namespace {

/// Box filter of fractional radius over one line of `n` pixels, edge repeated.
void box_line(Canvas::Pixel* line, int n, int step, float radius, std::vector<Canvas::Pixel>& copy) {
  const int whole = static_cast<int>(radius);
  const float part = radius - as_float(whole);
  const float scale = 1 / (2 * radius + 1);
  copy.resize(static_cast<std::size_t>(n));
  for (int i = 0; i < n; ++i) copy[static_cast<std::size_t>(i)] = line[i * step];
  const auto get = [&](int i) { return copy[static_cast<std::size_t>(std::clamp(i, 0, n - 1))]; };
  Canvas::Pixel sum;
  for (int i = -whole; i <= whole; ++i) sum = sum + get(i);
  for (int i = 0; i < n; ++i) {
    line[i * step] = (sum + (get(i - whole - 1) + get(i + whole + 1)) * part) * scale;
    sum = sum + get(i + whole + 1) + get(i - whole) * -1.0F;
  }
}

}  // namespace

void Canvas::over(const Canvas& top) {
  for (std::size_t i = 0; i < pixels_.size(); ++i) {
    const Pixel& above = top.pixels_[i];
    if (above.alpha > 0) pixels_[i] = above + pixels_[i] * (1 - above.alpha);
  }
}

void Canvas::fade(Rgb haze, float gray, float share) {
  for (Pixel& pixel : pixels_) {
    const float light = luminance(pixel.color);
    pixel.color = mix(mix(pixel.color, Rgb{light, light, light}, gray), haze, share);
  }
}

Canvas Canvas::resized(int width, int height) const {
  Canvas result(width, height);
  const float sx = as_float(width_) / as_float(width);
  const float sy = as_float(height_) / as_float(height);
  for (int y = 0; y < height; ++y) {
    const float fy = std::clamp((as_float(y) + 0.5F) * sy - 0.5F, 0.0F, as_float(height_ - 1));
    const int y0 = static_cast<int>(fy);
    const int y1 = std::min(y0 + 1, height_ - 1);
    const float ty = fy - as_float(y0);
    for (int x = 0; x < width; ++x) {
      const float fx = std::clamp((as_float(x) + 0.5F) * sx - 0.5F, 0.0F, as_float(width_ - 1));
      const int x0 = static_cast<int>(fx);
      const int x1 = std::min(x0 + 1, width_ - 1);
      const float tx = fx - as_float(x0);
      const Pixel low = at(x0, y0) * (1 - tx) + at(x1, y0) * tx;
      const Pixel high = at(x0, y1) * (1 - tx) + at(x1, y1) * tx;
      result.at(x, y) = low * (1 - ty) + high * ty;
    }
  }
  return result;
}

void Canvas::blur(float sigma) {
  if (sigma < 0.3F) return;
  const float radius = 0.5F * (std::sqrt(6 * sigma * sigma + 1) - 1);  // two boxes of this radius have that variance
  std::vector<Pixel> copy;
  for (int pass = 0; pass < 2; ++pass) {
    for (int y = 0; y < height_; ++y) box_line(&at(0, y), width_, 1, radius, copy);
    for (int x = 0; x < width_; ++x) box_line(&at(x, 0), height_, width_, radius, copy);
  }
}

}  // namespace fovea::synth
