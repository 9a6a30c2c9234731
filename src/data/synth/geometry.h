#pragma once

#include <algorithm>
#include <cmath>

namespace fovea::synth {

struct Vec2 {
  float x = 0;
  float y = 0;
};
inline Vec2 operator+(Vec2 a, Vec2 b) { return {a.x + b.x, a.y + b.y}; }
inline Vec2 operator-(Vec2 a, Vec2 b) { return {a.x - b.x, a.y - b.y}; }
inline Vec2 operator*(Vec2 a, float s) { return {a.x * s, a.y * s}; }
inline float dot(Vec2 a, Vec2 b) { return a.x * b.x + a.y * b.y; }
inline float length(Vec2 a) { return std::sqrt(dot(a, a)); }
inline Vec2 direction(float angle) { return {std::cos(angle), std::sin(angle)}; }

inline float as_float(int value) { return static_cast<float>(value); }
inline float unit_clamp(float v) { return std::clamp(v, 0.0F, 1.0F); }
inline float mix(float a, float b, float t) { return a + (b - a) * t; }
inline Vec2 mix(Vec2 a, Vec2 b, float t) { return a + (b - a) * t; }
inline float smooth_step(float low, float high, float v) {
  const float t = unit_clamp((v - low) / (high - low));
  return t * t * (3 - 2 * t);
}

struct Box {
  Vec2 low;
  Vec2 high;
  Box grown(float by) const { return {{low.x - by, low.y - by}, {high.x + by, high.y + by}}; }
  void include(Vec2 p, float radius) {
    low = {std::min(low.x, p.x - radius), std::min(low.y, p.y - radius)};
    high = {std::max(high.x, p.x + radius), std::max(high.y, p.y + radius)};
  }
  float width() const { return high.x - low.x; }
  float height() const { return high.y - low.y; }
};

/// Where a figure stands in the picture: its own coordinates have y upwards, pixels have y downwards.
class Frame {
 public:
  Frame() = default;
  Frame(Vec2 origin, float scale, float angle = 0, bool mirror = false)
      : origin_(origin),
        scale_(scale),
        angle_(angle),
        mirror_(mirror),
        axis_{direction(angle) * scale},
        inverse_(1 / (scale * scale)) {}

  float scale() const { return scale_; }
  bool mirrored() const { return mirror_; }
  Vec2 vector(Vec2 v) const {
    const float x = axis_.x * v.x - axis_.y * v.y;
    return {mirror_ ? -x : x, -(axis_.y * v.x + axis_.x * v.y)};
  }
  Vec2 to_pixels(Vec2 p) const { return origin_ + vector(p); }
  Vec2 to_local(Vec2 pixel) const {
    const Vec2 d = pixel - origin_;
    const float x = mirror_ ? -d.x : d.x;
    return {(axis_.x * x - axis_.y * d.y) * inverse_, (-axis_.y * x - axis_.x * d.y) * inverse_};
  }
  Frame child(Vec2 at, float scale, float angle = 0) const {
    return {to_pixels(at), scale_ * scale, angle_ + angle, mirror_};
  }

 private:
  Vec2 origin_;
  float scale_ = 1;
  float angle_ = 0;
  bool mirror_ = false;
  Vec2 axis_{1, 0};
  float inverse_ = 1;
};

}  // namespace fovea::synth
