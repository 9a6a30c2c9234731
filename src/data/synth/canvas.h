#pragma once

#include <cstddef>
#include <vector>

#include "data/synth/color.h"

namespace fovea::synth {

/// A picture in the making: colour premultiplied by alpha, so layers composite and blur without fringes.
class Canvas {
 public:
  struct Pixel {
    Rgb color;
    float alpha = 0;
  };

  Canvas(int width, int height)
      : width_(width), height_(height), pixels_(static_cast<std::size_t>(width) * static_cast<std::size_t>(height)) {}

  int width() const { return width_; }
  int height() const { return height_; }
  Pixel& at(int x, int y) {
    return pixels_[static_cast<std::size_t>(y) * static_cast<std::size_t>(width_) + static_cast<std::size_t>(x)];
  }
  const Pixel& at(int x, int y) const { return const_cast<Canvas*>(this)->at(x, y); }

  void over(const Canvas& top);                  ///< `top`, of the same size, is laid over this
  Canvas resized(int width, int height) const;   ///< bilinear
  void fade(Rgb haze, float gray, float share);  ///< desaturates, then mixes with haze
  void blur(float sigma);                        ///< about Gaussian: two box filters per axis; nothing below 0.3

 private:
  int width_;
  int height_;
  std::vector<Pixel> pixels_;
};

inline Canvas::Pixel operator*(Canvas::Pixel p, float s) { return {p.color * s, p.alpha * s}; }
inline Canvas::Pixel operator+(Canvas::Pixel a, Canvas::Pixel b) { return {a.color + b.color, a.alpha + b.alpha}; }

}  // namespace fovea::synth
