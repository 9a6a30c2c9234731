#pragma once

#include <span>
#include <vector>

#include "data/synth/geometry.h"

namespace fovea::synth {

/// A filled outline as a signed distance field in pixels (negative inside): primitives given in a frame's coordinates,
/// united with a smooth minimum, so limbs grow out of a body (I. Quilez, "distance functions" and "smooth minimum").
class Shape {
 public:
  /// `blend`: how softly the primitives melt together, in the frame's units.
  explicit Shape(const Frame& frame, float blend = 0) : frame_(frame), blend_(blend * frame.scale()) {}

  Shape& ellipse(Vec2 center, Vec2 radii, float angle = 0);
  Shape& circle(Vec2 center, float radius) { return ellipse(center, {radius, radius}); }
  Shape& limb(Vec2 from, Vec2 to, float from_radius, float to_radius);                ///< capsule that tapers
  Shape& tube(Vec2 from, Vec2 control, Vec2 to, float from_radius, float to_radius);  ///< quadratic Bézier
  Shape& polygon(std::span<const Vec2> corners, float rounding = 0);
  Shape& triangle(Vec2 a, Vec2 b, Vec2 c, float rounding = 0);

  float distance(Vec2 pixel) const;
  const Box& bounds() const { return bounds_; }
  const Frame& frame() const { return frame_; }

 private:
  struct Primitive {
    enum Kind { kEllipse, kLimb, kPolygon } kind;
    Vec2 a;              // ellipse: center; limb: from
    Vec2 b;              // ellipse: unit axis; limb: to − from
    Vec2 radii;          // ellipse: both; limb: from and to; polygon: rounding
    std::size_t corner;  // polygon: the first of its corners_
    std::size_t count;
    bool joined;  // continues the last primitive's curve: plain minimum
  };
  float distance(const Primitive& primitive, Vec2 p) const;
  float polygon_distance(const Primitive& primitive, Vec2 p) const;

  Frame frame_;
  float blend_;
  Box bounds_{{1e9F, 1e9F}, {-1e9F, -1e9F}};
  std::vector<Primitive> primitives_;
  std::vector<Vec2> corners_;
};

}  // namespace fovea::synth
