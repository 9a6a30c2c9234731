#include <array>

#include "data/synth/backdrops.h"
#include "data/synth/coat.h"
#include "data/synth/noise.h"

namespace fovea::synth {
namespace {

constexpr std::array<Rgb, 6> kWalls = {{{0.85F, 0.82F, 0.75F},
                                        {0.70F, 0.78F, 0.80F},
                                        {0.80F, 0.72F, 0.66F},
                                        {0.62F, 0.68F, 0.58F},
                                        {0.90F, 0.89F, 0.88F},
                                        {0.45F, 0.50F, 0.60F}}};
constexpr std::array<Rgb, 4> kWood = {
    {{0.60F, 0.42F, 0.26F}, {0.42F, 0.28F, 0.18F}, {0.76F, 0.62F, 0.44F}, {0.55F, 0.52F, 0.48F}}};

/// Boards `count` across the unit square, along y.
Rgb boards(Vec2 p, Rgb wood, float count, std::uint32_t seed) {
  const float u = p.x * count;
  const float board = std::floor(u);
  const float edge = std::min(u - board, board + 1 - u);
  const float tone = 0.8F + 0.35F * cell_noise(static_cast<int>(board), 0, seed);
  const float grain = 0.85F + 0.3F * value_noise({p.x * 90, p.y * 6 + board * 7}, seed + 1);
  return wood * (tone * grain * (0.45F + 0.55F * smooth_step(0.0F, 0.05F, edge)));
}

void paint_rectangle(Painter& painter, Vec2 low, Vec2 high, const Surface& surface, float rounding = 0.005F) {
  const Frame frame = unit_frame(painter.canvas());
  painter.fill(Shape(frame).polygon(std::array<Vec2, 4>{low, {high.x, low.y}, high, {low.x, high.y}}, rounding),
               surface);
}

void paint_picture(Painter& painter, Dice& dice, float floor) {
  const Vec2 low{dice.range(0, 0.7F), 1 - floor + dice.range(0.05F, 0.15F)};
  const Vec2 high = low + Vec2{dice.range(0.15F, 0.4F), dice.range(0.15F, 0.35F)};
  paint_rectangle(painter, low, high, Surface::plain(dice.jitter(dice.pick(kWood), 0.1F) * 0.7F));
  Surface inside = Surface::plain(dice.chance(0.5F) ? Rgb{0.88F, 0.93F, 0.97F} : draw_vivid(dice));
  inside.mark = draw_vivid(dice);
  inside.pattern = Pattern::kPatches;
  inside.frequency = 12;
  inside.strength = 0.5F;
  inside.seed = dice.seed();
  paint_rectangle(painter, low + Vec2{0.02F, 0.02F}, high + Vec2{-0.02F, -0.02F}, inside);
}

}  // namespace

void paint_room(Painter& painter, Dice& dice, float floor) {
  const Rgb wall = dice.jitter(dice.pick(kWalls), 0.06F);
  const Rgb wood = dice.jitter(dice.pick(kWood), 0.06F);
  const std::uint32_t seed = dice.seed();
  const bool carpet = dice.chance(0.4F);
  const Rgb pile = draw_vivid(dice);
  const float stripes = dice.chance(0.3F) ? dice.range(8, 20) : 0;
  flood(painter.canvas(), [&](Vec2 p) {
    if (p.y < floor - 0.03F) {
      const float band = stripes > 0 ? 0.04F * std::sin(p.x * stripes * 6.28F) : 0;
      return wall * (0.95F + band - 0.15F * p.x + 0.06F * fbm(p * 6, seed, 2));
    }
    if (p.y < floor) return Rgb{0.88F, 0.87F, 0.85F};
    if (carpet) return mix(pile, Rgb{0.6F, 0.55F, 0.5F}, 0.5F) * (0.75F + 0.4F * fbm(p * 60, seed, 2));
    return boards({(p.x - 0.5F) / (0.6F + p.y), p.y}, wood, 12, seed);
  });
  if (dice.chance(0.7F)) paint_picture(painter, dice, floor);
  if (dice.chance(0.3F)) paint_picture(painter, dice, floor);
}

void paint_sofa(Painter& painter, Dice& dice, float floor) {
  paint_room(painter, dice, floor);
  Surface fabric = Surface::plain(mix(draw_vivid(dice), dice.pick(kWalls), dice.range(0.3F, 0.9F)) * 0.85F);
  fabric.grain = 0.12F;
  fabric.grain_length = 0.03F;
  fabric.round = 0.06F;
  fabric.shadow = 0.05F;
  fabric.seed = dice.seed();
  const float seat = 1 - floor;
  paint_rectangle(painter, {-0.1F, seat - 0.05F}, {1.1F, seat + dice.range(0.2F, 0.4F)}, fabric, 0.05F);
  paint_rectangle(painter, {-0.1F, -0.1F}, {1.1F, seat - 0.02F}, fabric, 0.03F);
  const int cushions = dice.below(4);
  for (int i = 0; i < cushions; ++i) {
    Surface cushion = fabric;
    cushion.base = draw_vivid(dice);
    cushion.mark = dice.pick(kWalls);
    cushion.pattern = dice.pick(std::array{Pattern::kPlain, Pattern::kStripes, Pattern::kSpots, Pattern::kFeathers});
    cushion.frequency = dice.range(8, 16);
    const Vec2 at{dice.range(0, 1), seat + 0.08F};
    paint_rectangle(painter, at + Vec2{-0.1F, -0.08F}, at + Vec2{0.1F, 0.08F}, cushion, 0.04F);
  }
}

void paint_planks(Painter& painter, Dice& dice, float floor) {
  const Rgb wood = dice.jitter(dice.pick(kWood), 0.08F);
  const Rgb deck = dice.jitter(dice.pick(kWood), 0.08F);
  const std::uint32_t seed = dice.seed();
  const float count = dice.range(5, 12);
  flood(painter.canvas(), [&](Vec2 p) {
    if (p.y < floor) return boards(p, wood, count, seed);
    return boards({(p.x - 0.5F) / (0.4F + p.y), p.y * 3}, deck, 9, seed + 7) * 1.1F;
  });
}

void paint_street(Painter& painter, Dice& dice, float floor) {
  const std::uint32_t seed = dice.seed();
  const Rgb sky = dice.jitter({0.75F, 0.8F, 0.85F}, 0.1F);
  const Rgb road = dice.jitter({0.42F, 0.42F, 0.43F}, 0.08F);
  flood(painter.canvas(), [&](Vec2 p) {
    if (p.y < floor) return sky;
    return road * (0.8F + 0.35F * fbm(p * 40, seed, 2) + (p.y < floor + 0.06F ? 0.4F : 0.0F));
  });
  for (float x = -0.1F; x < 1;) {
    const float width = dice.range(0.15F, 0.4F);
    const float height = dice.range(0.3F, 1.0F) * floor;
    const float foot = 1 - floor;
    const Rgb face = dice.jitter(dice.pick(kWalls), 0.12F) * 0.85F;
    paint_rectangle(painter, {x, foot}, {x + width, foot + height}, Surface::plain(face));
    const Rgb glass = dice.chance(0.5F) ? face * 0.4F : Rgb{0.75F, 0.82F, 0.88F};
    for (float y = foot + 0.06F; y < foot + height - 0.08F; y += 0.14F)
      for (float w = x + 0.03F; w < x + width - 0.06F; w += 0.1F)
        paint_rectangle(painter, {w, y}, {w + 0.05F, y + 0.07F}, Surface::plain(glass));
    x += width + dice.range(0, 0.06F);
  }
}

void paint_bricks(Painter& painter, Dice& dice, float floor) {
  constexpr std::array<Rgb, 4> kBricks = {
      {{0.62F, 0.33F, 0.24F}, {0.70F, 0.62F, 0.52F}, {0.85F, 0.85F, 0.84F}, {0.45F, 0.40F, 0.38F}}};
  const Rgb brick = dice.jitter(dice.pick(kBricks), 0.06F);
  const Rgb pavement = dice.jitter({0.6F, 0.58F, 0.55F}, 0.1F);
  const std::uint32_t seed = dice.seed();
  const float rows = dice.range(8, 18);
  flood(painter.canvas(), [&](Vec2 p) {
    if (p.y > floor) return pavement * (0.75F + 0.4F * fbm(p * 30, seed, 3));
    const float v = p.y * rows;
    const float row = std::floor(v);
    const float u = p.x * rows * 0.45F + 0.5F * (row - 2 * std::floor(row / 2));
    const float column = std::floor(u);
    const float joint = std::min({(u - column) * 2, (column + 1 - u) * 2, v - row, row + 1 - v});
    const Rgb stone = brick * (0.75F + 0.4F * cell_noise(static_cast<int>(column), static_cast<int>(row), seed));
    return mix(Rgb{0.72F, 0.70F, 0.66F}, stone, smooth_step(0.04F, 0.1F, joint)) *
           (0.9F + 0.2F * value_noise(p * 60, seed));
  });
}

const std::array<Backdrop, 11> kBackdrops = {{{true, paint_meadow},
                                              {false, paint_sky},
                                              {true, paint_forest},
                                              {true, paint_water},
                                              {true, paint_beach},
                                              {false, paint_leaves},
                                              {true, paint_room},
                                              {true, paint_sofa},
                                              {true, paint_planks},
                                              {true, paint_street},
                                              {true, paint_bricks}}};

}  // namespace fovea::synth
