#pragma once

#include "data/synth/dice.h"
#include "data/synth/paint.h"

namespace fovea::synth {

/// A place, the same for every species.
struct Scene {
  Canvas backdrop;  ///< opaque, somewhat out of focus
  float floor = 0;  ///< share of the height (from the top) below which something can stand on the ground; > 1: nowhere
  Light light;
};

Scene draw_scene(Dice& dice, int size);

/// Something to stand on (wall, beam, branch, stone) whose top is at pixel row `top`, where the scene has no floor.
void paint_perch(Painter& painter, Dice& dice, float top, float center, int size);
/// Grass, leaves, bars or things in front of the animal; often nothing.
void paint_foreground(Painter& painter, Dice& dice, int size);

}  // namespace fovea::synth
