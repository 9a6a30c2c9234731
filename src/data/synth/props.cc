#include <array>

#include "data/synth/coat.h"
#include "data/synth/scene.h"

namespace fovea::synth {
namespace {

constexpr float kPi = 3.14159265F;

Surface rough(Dice& dice, Rgb color, float grain) {
  Surface surface = Surface::plain(dice.jitter(color, 0.1F));
  surface.grain = grain;
  surface.grain_length = 0.1F;
  surface.round = 0.04F;
  surface.seed = dice.seed();
  return surface;
}

void paint_branch(Painter& painter, Dice& dice, const Frame& frame, float top, float center) {
  const float r = dice.range(0.018F, 0.05F);
  const Surface bark = rough(dice, {0.38F, 0.29F, 0.2F}, 0.12F);
  const float lean = dice.range(-0.12F, 0.12F);
  const Vec2 middle{center, top - r};
  painter.fill(Shape(frame).tube({-0.15F, middle.y - lean * center * 1.5F}, middle,
                                 {1.15F, middle.y + lean * (1 - center) * 1.5F}, r * 1.2F, r * 0.8F),
               bark);
  for (int i = 0; i < 4; ++i) {
    const Vec2 root{dice.range(0, 1), middle.y};
    const Vec2 tip = root + direction(dice.range(-kPi, kPi)) * dice.range(0.08F, 0.2F);
    painter.fill(Shape(frame).limb(root, tip, r * 0.35F, r * 0.15F), bark);
    Surface leaf = rough(dice, {0.36F, 0.5F, 0.2F}, 0.1F);
    painter.fill(Shape(frame).ellipse(tip, {dice.range(0.03F, 0.07F), dice.range(0.012F, 0.03F)}, dice.range(0, kPi)),
                 leaf);
  }
}

void paint_ledge(Painter& painter, Dice& dice, const Frame& frame, float top) {
  constexpr std::array<Rgb, 4> kStuff = {
      {{0.6F, 0.58F, 0.55F}, {0.5F, 0.36F, 0.23F}, {0.72F, 0.45F, 0.34F}, {0.8F, 0.79F, 0.76F}}};
  Surface wall = rough(dice, dice.pick(kStuff), 0.08F);
  const float thick = dice.range(0.05F, 0.5F);
  painter.fill(
      Shape(frame).polygon(
          std::array<Vec2, 4>{Vec2{-0.2F, top - thick}, {1.2F, top - thick}, {1.2F, top - 0.01F}, {-0.2F, top - 0.01F}},
          0.01F),
      wall);
}

void paint_mound(Painter& painter, Dice& dice, const Frame& frame, float top, float center) {
  Surface ground = rough(dice, dice.chance(0.5F) ? Rgb{0.4F, 0.5F, 0.22F} : Rgb{0.55F, 0.5F, 0.44F}, 0.08F);
  ground.fringe = 0.02F;
  ground.round = 0.1F;
  const float high = dice.range(0.3F, 0.8F);
  painter.fill(Shape(frame).ellipse({center, top - high}, {dice.range(0.5F, 1.2F), high}), ground);
}

void paint_blades(Painter& painter, Dice& dice, const Frame& frame) {
  const Rgb green = dice.jitter({0.38F, 0.5F, 0.2F}, 0.12F);
  const int count = 12 + dice.below(25);
  const float height = dice.range(0.06F, 0.24F);
  for (int i = 0; i < count; ++i) {
    const Vec2 root{dice.range(-0.05F, 1.05F), -0.03F};
    const Vec2 tip = root + Vec2{dice.range(-0.08F, 0.08F), dice.around(height, 0.5F)};
    painter.stroke(frame, root, {root.x, mix(root.y, tip.y, 0.6F)}, tip, 0.009F, 0.002F, dice.jitter(green, 0.1F),
                   0.95F);
  }
}

void paint_bars(Painter& painter, Dice& dice, const Frame& frame) {
  Surface bar = rough(dice, dice.chance(0.5F) ? Rgb{0.75F, 0.74F, 0.72F} : Rgb{0.3F, 0.26F, 0.22F}, 0.1F);
  const float gap = dice.range(0.2F, 0.4F);
  const float r = dice.range(0.005F, 0.016F);
  const float lean = dice.range(-0.1F, 0.1F);
  for (float x = dice.range(-0.1F, gap); x < 1.1F; x += gap)
    painter.fill(Shape(frame).limb({x, -0.1F}, {x + lean, 1.1F}, r, r), bar);
}

void paint_twigs(Painter& painter, Dice& dice, const Frame& frame) {
  const Vec2 corner{dice.chance(0.5F) ? -0.02F : 1.02F, dice.range(0, 1.0F)};
  const float inward = corner.x < 0.5F ? 0 : kPi;
  Surface leaf = rough(dice, {0.34F, 0.47F, 0.2F}, 0.1F);
  for (int i = 0; i < 9; ++i) {
    const float angle = inward + dice.range(-0.9F, 0.9F);
    const Vec2 at = corner + direction(angle) * dice.range(0.02F, 0.26F);
    leaf.base = dice.jitter(leaf.base, 0.06F);
    painter.fill(Shape(frame).ellipse(at, {dice.range(0.04F, 0.08F), dice.range(0.014F, 0.032F)},
                                      angle + dice.range(-0.6F, 0.6F)),
                 leaf);
  }
}

void paint_thing(Painter& painter, Dice& dice, const Frame& frame) {
  Surface surface = Surface::plain(draw_vivid(dice));
  surface.mark = draw_vivid(dice);
  surface.pattern = dice.pick(std::array{Pattern::kPlain, Pattern::kStripes, Pattern::kPatches});
  surface.frequency = dice.range(5, 12);
  surface.round = 0.1F;
  surface.shine = 0.3F;
  surface.seed = dice.seed();
  const float r = dice.range(0.05F, 0.11F);
  const Vec2 at{dice.range(0, 1), dice.range(0.02F, 0.12F)};
  Shape shape(frame);
  if (dice.chance(0.5F)) {
    shape.circle(at, r);
  } else {
    shape.polygon(
        std::array<Vec2, 4>{at + Vec2{-r, -r}, at + Vec2{r, -r}, at + Vec2{r * 1.2F, r}, at + Vec2{-r * 1.2F, r}},
        0.01F);
  }
  painter.fill(shape, surface);
}

}  // namespace

void paint_perch(Painter& painter, Dice& dice, float top, float center, int size) {
  const float side = as_float(size);
  const Frame frame{{0, side}, side};
  const float y = 1 - top / side;
  switch (dice.below(4)) {
    case 0:
      return paint_ledge(painter, dice, frame, y);
    case 1:
      return paint_mound(painter, dice, frame, y, center / side);
    default:
      return paint_branch(painter, dice, frame, y, center / side);
  }
}

void paint_foreground(Painter& painter, Dice& dice, int size) {
  const Frame frame{{0, as_float(size)}, as_float(size)};
  if (dice.chance(0.1F)) paint_blades(painter, dice, frame);
  if (dice.chance(0.05F)) paint_bars(painter, dice, frame);
  if (dice.chance(0.1F)) paint_twigs(painter, dice, frame);
  if (dice.chance(0.12F)) paint_thing(painter, dice, frame);
}

}  // namespace fovea::synth
