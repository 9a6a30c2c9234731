#pragma once

#include <array>

#include "data/synth/dice.h"
#include "data/synth/paint.h"

namespace fovea::synth {

struct Backdrop {
  bool has_floor;
  void (*paint)(Painter& painter, Dice& dice, float floor);  ///< fills the whole square canvas
};

extern const std::array<Backdrop, 11> kBackdrops;

/// The unit square with y upwards on a square canvas.
inline Frame unit_frame(const Canvas& canvas) { return {{0, as_float(canvas.height())}, as_float(canvas.width())}; }

/// Sets every pixel from its place in the unit square (y downwards).
template <typename Color>
void flood(Canvas& canvas, const Color& color) {
  const float step = 1 / as_float(canvas.width());
  for (int y = 0; y < canvas.height(); ++y)
    for (int x = 0; x < canvas.width(); ++x)
      canvas.at(x, y) = {color(Vec2{(as_float(x) + 0.5F) * step, (as_float(y) + 0.5F) * step}), 1};
}

void paint_meadow(Painter& painter, Dice& dice, float floor);
void paint_sky(Painter& painter, Dice& dice, float floor);
void paint_forest(Painter& painter, Dice& dice, float floor);
void paint_water(Painter& painter, Dice& dice, float floor);
void paint_beach(Painter& painter, Dice& dice, float floor);
void paint_leaves(Painter& painter, Dice& dice, float floor);
void paint_room(Painter& painter, Dice& dice, float floor);
void paint_sofa(Painter& painter, Dice& dice, float floor);
void paint_planks(Painter& painter, Dice& dice, float floor);
void paint_street(Painter& painter, Dice& dice, float floor);
void paint_bricks(Painter& painter, Dice& dice, float floor);

}  // namespace fovea::synth
