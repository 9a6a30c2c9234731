#pragma once

#include "data/synth/geometry.h"

namespace fovea::synth {

/// Display-referred red, green, blue, 0–1.
struct Rgb {
  float r = 0;
  float g = 0;
  float b = 0;
};
inline Rgb operator+(Rgb a, Rgb b) { return {a.r + b.r, a.g + b.g, a.b + b.b}; }
inline Rgb operator*(Rgb a, float s) { return {a.r * s, a.g * s, a.b * s}; }
inline Rgb operator*(Rgb a, Rgb b) { return {a.r * b.r, a.g * b.g, a.b * b.b}; }
inline Rgb mix(Rgb a, Rgb b, float t) { return a + (b + a * -1.0F) * t; }
inline float luminance(Rgb c) { return 0.3F * c.r + 0.59F * c.g + 0.11F * c.b; }

}  // namespace fovea::synth
