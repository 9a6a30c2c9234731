#pragma once

#include "data/synth/coat.h"

namespace fovea::synth {

/// Proportions of a four-legged body; the unit is about the height of its shoulders.
struct Build {
  float length;  ///< hip to shoulder
  float depth;   ///< radius of the trunk
  float leg;     ///< ground to trunk
  float thick;   ///< radius of a leg
  float neck;    ///< length
  float head;    ///< radius
};

enum class Posture { kStand, kSitSide, kSitFront, kLie, kPortrait };

/// One body in one posture: facing right where it has a side, feet on y = 0.
struct Stance {
  Posture posture;
  Build build;
  float stride;  ///< how far the feet are apart, in units
  Vec2 hip;
  Vec2 shoulder;
  Vec2 head;
  Vec2 tail;   ///< where it grows
  Box extent;  ///< including the head, without the tail

  Vec2 collar() const { return mix(shoulder, head, 0.62F); }
};

Stance take_stance(Dice& dice, const Build& build);
void paint_body(Painter& painter, const Frame& frame, const Stance& stance, const Coat& coat, bool pale_parts);
void paint_collar(Painter& painter, const Frame& frame, const Stance& stance, Rgb color);

}  // namespace fovea::synth
