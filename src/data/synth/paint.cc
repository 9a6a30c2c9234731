#include "data/synth/paint.h"

#include <numbers>

#include "data/synth/noise.h"

namespace fovea::synth {
namespace {

constexpr float kTau = 2 * std::numbers::pi_v<float>;

Vec2 turned(Vec2 p, float angle) {
  if (angle == 0) return p;
  const Vec2 axis = direction(angle);
  return {axis.x * p.x + axis.y * p.y, axis.x * p.y - axis.y * p.x};
}

float stripes(Vec2 q, const Surface& s) {
  const float warp = fbm(q * (s.frequency * 0.45F), s.seed, 2) * 1.3F + q.y * 0.6F;
  const float wave = std::sin(kTau * (q.x * s.frequency + warp));
  return smooth_step(-0.05F, 0.45F, wave);
}

float spots(Vec2 q, const Surface& s) {
  const Vec2 p = q * s.frequency + Vec2{0.4F * value_noise(q * s.frequency, s.seed + 5), 0};
  return smooth_step(0.58F, 0.66F, value_noise(p, s.seed));
}

/// Overlapping scales, each row shifted by half: bright rim, dark root.
float feathers(Vec2 q, const Surface& s) {
  const float v = q.y * s.frequency * 1.25F;
  const float row = std::floor(v);
  const float u = q.x * s.frequency + 0.5F * (row - 2 * std::floor(row * 0.5F));
  const float du = u - std::floor(u) - 0.5F;
  const float dv = v - row;
  return smooth_step(0.35F, 0.75F, 1 - length({du * 1.3F, dv * 0.9F}));
}

float mark(Vec2 local, const Surface& s) {
  const Vec2 q = turned(local, s.pattern_angle);
  switch (s.pattern) {
    case Pattern::kPlain:
      return 0;
    case Pattern::kStripes:
      return stripes(q, s);
    case Pattern::kPatches:
      return smooth_step(0.48F, 0.53F, fbm(q * (s.frequency * 0.35F), s.seed, 3));
    case Pattern::kSpots:
      return spots(q, s);
    case Pattern::kFeathers:
      return feathers(q, s);
    case Pattern::kSaddle:
      return smooth_step(-0.12F, 0.12F, q.y + 0.15F * (fbm(q * 5, s.seed, 2) - 0.5F));
  }
  return 0;
}

float strands(Vec2 local, const Surface& s) {
  const Vec2 q = turned(local, s.grain_angle);
  const float bend = value_noise(q * (1.2F / s.grain_length), s.seed + 11);
  const Vec2 along{q.x / s.grain_length, (q.y + bend * s.grain_length * 0.5F) * 6 / s.grain_length};
  return 0.6F * value_noise(along, s.seed + 12) + 0.4F * value_noise(along * 2.1F, s.seed + 13) - 0.5F;
}

}  // namespace

Painter::Window Painter::measure(const Shape& shape, float reach) {
  const Box box = shape.bounds().grown(reach);
  const auto limit = [](float v, int high) { return static_cast<int>(std::clamp(v, 0.0F, as_float(high))); };
  const Window window{limit(box.low.x, canvas_.width()), limit(box.low.y, canvas_.height()),
                      limit(box.high.x + 1, canvas_.width()), limit(box.high.y + 1, canvas_.height())};
  if (window.empty()) return window;
  distances_.resize(static_cast<std::size_t>(window.width()) * static_cast<std::size_t>(window.y1 - window.y0));
  std::size_t i = 0;
  for (int y = window.y0; y < window.y1; ++y)
    for (int x = window.x0; x < window.x1; ++x)
      distances_[i++] = shape.distance({as_float(x) + 0.5F, as_float(y) + 0.5F});
  return window;
}

float Painter::distance_at(const Window& window, int x, int y) const {
  x = std::clamp(x, window.x0, window.x1 - 1);
  y = std::clamp(y, window.y0, window.y1 - 1);
  return distances_[static_cast<std::size_t>(y - window.y0) * static_cast<std::size_t>(window.width()) +
                    static_cast<std::size_t>(x - window.x0)];
}

Rgb Painter::shade(const Window& window, int x, int y, const Frame& frame, const Surface& s) const {
  const Vec2 local = frame.to_local({as_float(x) + 0.5F, as_float(y) + 0.5F});
  Rgb color = s.base;
  if (s.pattern != Pattern::kPlain) color = mix(color, s.mark, s.strength * mark(local, s));
  if (s.grain > 0) color = color * (1 + 2 * s.grain * strands(local, s));

  const float inside = -distance_at(window, x, y);
  const float rim = 1 - unit_clamp(inside / std::max(s.round * frame.scale(), 1.0F));
  const Vec2 slope{0.5F * (distance_at(window, x + 1, y) - distance_at(window, x - 1, y)),
                   0.5F * (distance_at(window, x, y + 1) - distance_at(window, x, y - 1))};
  const float nz = std::sqrt(std::max(1 - rim * rim, 0.02F));
  const float facing = rim * (slope.x * light_.x - slope.y * light_.y) + nz * light_.z;
  color = color * (light_.ambient + (1.25F - light_.ambient) * std::max(facing, 0.0F));
  if (s.shine > 0) {
    const float glint = std::pow(std::max(facing, 0.0F), 16.0F) * s.shine;
    color = color + Rgb{glint, glint, glint};
  }
  return color;
}

void Painter::fill(const Shape& shape, const Surface& s) {
  const float scale = shape.frame().scale();
  const float shadow = s.shadow * scale;
  const float fringe = s.fringe * scale;
  const float fade = 1 + s.softness;
  const Window window = measure(shape, std::max({shadow, fringe, fade}) + 1);
  for (int y = window.y0; y < window.y1; ++y) {
    for (int x = window.x0; x < window.x1; ++x) {
      float d = distance_at(window, x, y);
      Canvas::Pixel& pixel = canvas_.at(x, y);
      if (d > 0 && d < shadow && !s.atop) {
        const float near = 1 - d / shadow;
        pixel.color = pixel.color * (1 - 0.4F * near * near);
      }
      if (fringe > 0 && std::abs(d) < fringe * 1.5F) {
        const Vec2 p{as_float(x), as_float(y)};
        d += fringe * (value_noise(p * 0.55F, s.seed + 3) + value_noise(p * 0.21F, s.seed + 4) - 1.0F);
      }
      const float alpha = unit_clamp(0.5F - d / fade) * s.opacity * (s.atop ? pixel.alpha : 1.0F);
      if (alpha <= 0) continue;
      pixel = Canvas::Pixel{shade(window, x, y, shape.frame(), s), 1.0F} * alpha + pixel * (1 - alpha);
    }
  }
}

void Painter::stroke(const Frame& frame, Vec2 from, Vec2 control, Vec2 to, float from_width, float to_width, Rgb color,
                     float opacity) {
  // Thinner than a pixel: keep the width, lower the opacity.
  const float widest = std::max(from_width, to_width) * frame.scale();
  const float factor = std::max(1.0F, 0.55F / std::max(widest, 1e-3F));
  Surface surface = Surface::plain(color);
  surface.opacity = opacity / factor;
  fill(Shape(frame).tube(from, control, to, from_width * factor, to_width * factor), surface);
}

}  // namespace fovea::synth
