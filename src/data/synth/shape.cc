#include "data/synth/shape.h"

#include <array>

namespace fovea::synth {
namespace {

constexpr int kCurveSegments = 7;

float smooth_minimum(float a, float b, float k) {
  const float h = std::max(k - std::abs(a - b), 0.0F) / k;
  return std::min(a, b) - h * h * k * 0.25F;
}

}  // namespace

Shape& Shape::ellipse(Vec2 center, Vec2 radii, float angle) {
  const Vec2 axis = frame_.vector(direction(angle)) * (1 / frame_.scale());
  const Vec2 pixels = frame_.to_pixels(center);
  const Vec2 size = radii * frame_.scale();
  bounds_.include(pixels, std::max(size.x, size.y));
  primitives_.push_back({Primitive::kEllipse, pixels, axis, size, 0, 0, false});
  return *this;
}

Shape& Shape::limb(Vec2 from, Vec2 to, float from_radius, float to_radius) {
  const Vec2 a = frame_.to_pixels(from);
  const Vec2 b = frame_.to_pixels(to);
  const Vec2 radii = Vec2{from_radius, to_radius} * frame_.scale();
  bounds_.include(a, radii.x);
  bounds_.include(b, radii.y);
  primitives_.push_back({Primitive::kLimb, a, b - a, radii, 0, 0, false});
  return *this;
}

Shape& Shape::tube(Vec2 from, Vec2 control, Vec2 to, float from_radius, float to_radius) {
  Vec2 last = from;
  float last_radius = from_radius;
  for (int i = 1; i <= kCurveSegments; ++i) {
    const float t = as_float(i) / kCurveSegments;
    const Vec2 next = mix(mix(from, control, t), mix(control, to, t), t);
    const float radius = mix(from_radius, to_radius, t);
    limb(last, next, last_radius, radius);
    primitives_.back().joined = i > 1;
    last = next;
    last_radius = radius;
  }
  return *this;
}

Shape& Shape::polygon(std::span<const Vec2> corners, float rounding) {
  const float round = rounding * frame_.scale();
  primitives_.push_back({Primitive::kPolygon, {}, {}, {round, round}, corners_.size(), corners.size(), false});
  for (const Vec2 corner : corners) {
    corners_.push_back(frame_.to_pixels(corner));
    bounds_.include(corners_.back(), round);
  }
  return *this;
}

Shape& Shape::triangle(Vec2 a, Vec2 b, Vec2 c, float rounding) {
  return polygon(std::array<Vec2, 3>{a, b, c}, rounding);
}

float Shape::polygon_distance(const Primitive& primitive, Vec2 p) const {
  const Vec2* corner = corners_.data() + primitive.corner;
  float nearest = 1e18F;
  bool inside = false;
  for (std::size_t i = 0, j = primitive.count - 1; i < primitive.count; j = i++) {
    const Vec2 edge = corner[j] - corner[i];
    const Vec2 to = p - corner[i];
    const Vec2 off = to - edge * unit_clamp(dot(to, edge) / std::max(dot(edge, edge), 1e-9F));
    nearest = std::min(nearest, dot(off, off));
    const bool crosses = (corner[i].y > p.y) != (corner[j].y > p.y);
    if (crosses && p.x < corner[i].x + edge.x * (p.y - corner[i].y) / edge.y) inside = !inside;
  }
  return (inside ? -std::sqrt(nearest) : std::sqrt(nearest)) - primitive.radii.x;
}

float Shape::distance(const Primitive& primitive, Vec2 p) const {
  if (primitive.kind == Primitive::kPolygon) return polygon_distance(primitive, p);
  const Vec2 d = p - primitive.a;
  if (primitive.kind == Primitive::kLimb) {
    const float t = unit_clamp(dot(d, primitive.b) / std::max(dot(primitive.b, primitive.b), 1e-9F));
    return length(d - primitive.b * t) - mix(primitive.radii.x, primitive.radii.y, t);
  }
  const Vec2 q{dot(d, primitive.b) / primitive.radii.x,
               (d.y * primitive.b.x - d.x * primitive.b.y) / primitive.radii.y};
  const float k0 = length(q);
  const float k1 = length({q.x / primitive.radii.x, q.y / primitive.radii.y});
  // First-order distance: the implicit function over its gradient, exact on the outline.
  return k0 < 1e-4F ? -std::min(primitive.radii.x, primitive.radii.y) : k0 * (k0 - 1) / k1;
}

float Shape::distance(Vec2 pixel) const {
  float result = 1e9F;
  for (const Primitive& primitive : primitives_) {
    const float d = distance(primitive, pixel);
    result = primitive.joined || blend_ <= 0 ? std::min(result, d) : smooth_minimum(result, d, blend_);
  }
  return result;
}

}  // namespace fovea::synth
