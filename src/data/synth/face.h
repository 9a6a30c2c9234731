#pragma once

#include "data/synth/paint.h"

namespace fovea::synth {

/// A head's own coordinates: radius 1, facing the viewer, turned by `turn` = sine of the yaw (positive: to +x).
struct Face {
  Frame frame;
  float turn = 0;

  /// A point of the face; `depth` is how far it lies in front of the axis of the turn.
  Vec2 at(float x, float y, float depth = 0.6F) const {
    return {x * std::sqrt(1 - 0.6F * turn * turn) + depth * turn, y};
  }
};

struct Eye {
  Vec2 center;
  Vec2 radii;
  Rgb iris;
  Vec2 pupil;       ///< radii
  float lid = 0;    ///< 0 open … 1 closed
  Vec2 look{0, 0};  ///< shift of the pupil
};

void paint_eye(Painter& painter, const Frame& frame, const Eye& eye, Rgb rim);

}  // namespace fovea::synth
