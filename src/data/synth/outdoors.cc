#include <array>

#include "data/synth/backdrops.h"
#include "data/synth/noise.h"

namespace fovea::synth {
namespace {

constexpr std::array<Rgb, 4> kGrass = {
    {{0.35F, 0.50F, 0.18F}, {0.48F, 0.55F, 0.25F}, {0.25F, 0.40F, 0.20F}, {0.60F, 0.56F, 0.32F}}};
constexpr std::array<Rgb, 4> kSky = {
    {{0.45F, 0.65F, 0.90F}, {0.70F, 0.78F, 0.86F}, {0.75F, 0.76F, 0.78F}, {0.85F, 0.66F, 0.52F}}};

Rgb sky(Vec2 p, Rgb zenith, std::uint32_t seed, float clouds) {
  const Rgb color = mix(zenith, Rgb{0.92F, 0.93F, 0.94F}, 0.7F * p.y);
  const float cloud = smooth_step(1 - clouds, 1.15F - clouds, fbm({p.x * 3, p.y * 6}, seed, 4));
  return mix(color, Rgb{0.97F, 0.97F, 0.97F}, cloud * 0.85F);
}

Rgb grass(Vec2 p, Rgb color, std::uint32_t seed, float floor) {
  const float near = 1 + 5 * (p.y - floor);
  const float blades = value_noise({p.x * 90 / near, p.y * 25 / near}, seed);
  return color * (0.55F + 0.5F * blades + 0.4F * fbm(p * 5, seed + 1, 2));
}

void paint_trunks(Painter& painter, Dice& dice, int count, Rgb bark) {
  const Frame frame = unit_frame(painter.canvas());
  for (int i = 0; i < count; ++i) {
    const float x = dice.range(0, 1);
    Surface trunk = Surface::plain(dice.jitter(bark, 0.1F));
    trunk.round = 0.05F;
    trunk.grain = 0.2F;
    trunk.grain_angle = 1.57F;
    trunk.seed = dice.seed();
    const float width = dice.range(0.015F, 0.06F);
    painter.fill(Shape(frame).limb({x, -0.1F}, {x + dice.range(-0.1F, 0.1F), 1.1F}, width, width * 0.8F), trunk);
  }
}

void paint_bushes(Painter& painter, Dice& dice, float floor, Rgb green) {
  const Frame frame = unit_frame(painter.canvas());
  const int count = dice.below(5);
  for (int i = 0; i < count; ++i) {
    Surface bush = Surface::plain(dice.jitter(green, 0.12F));
    bush.grain = 0.3F;
    bush.fringe = 0.04F;
    bush.round = 0.1F;
    bush.seed = dice.seed();
    painter.fill(
        Shape(frame, 0.1F)
            .ellipse({dice.range(0, 1), 1 - floor + 0.02F}, {dice.range(0.08F, 0.3F), dice.range(0.05F, 0.2F)}),
        bush);
  }
}

}  // namespace

void paint_meadow(Painter& painter, Dice& dice, float floor) {
  const Rgb zenith = dice.jitter(dice.pick(kSky), 0.06F);
  const Rgb green = dice.jitter(dice.pick(kGrass), 0.06F);
  const std::uint32_t seed = dice.seed();
  const float clouds = dice.range(0.2F, 0.7F);
  flood(painter.canvas(), [&](Vec2 p) {
    const float edge = floor + 0.03F * (fbm({p.x * 4, 0}, seed + 9, 2) - 0.5F);
    return p.y < edge ? sky(p, zenith, seed, clouds) : grass(p, green, seed, floor);
  });
  paint_bushes(painter, dice, floor, green * 0.7F);
}

void paint_sky(Painter& painter, Dice& dice, float) {
  const Rgb zenith = dice.jitter(dice.pick(kSky), 0.08F);
  const std::uint32_t seed = dice.seed();
  const float clouds = dice.range(0.3F, 0.8F);
  flood(painter.canvas(), [&](Vec2 p) { return sky(p, zenith, seed, clouds); });
  if (dice.chance(0.5F)) paint_bushes(painter, dice, 0.95F, {0.25F, 0.33F, 0.2F});
}

void paint_forest(Painter& painter, Dice& dice, float floor) {
  const Rgb green = dice.jitter(dice.pick(kGrass), 0.08F) * 0.8F;
  const Rgb soil = dice.jitter({0.42F, 0.33F, 0.22F}, 0.08F);
  const std::uint32_t seed = dice.seed();
  flood(painter.canvas(), [&](Vec2 p) {
    const float light = fbm(p * 7, seed, 3);
    if (p.y < floor) return mix(green * 0.5F, Rgb{0.85F, 0.9F, 0.7F}, smooth_step(0.45F, 0.75F, light) * 0.7F);
    return soil * (0.6F + 0.8F * fbm(p * 20, seed + 2, 3));
  });
  paint_trunks(painter, dice, 3 + dice.below(7), {0.33F, 0.26F, 0.2F});
  paint_bushes(painter, dice, floor, green);
}

void paint_water(Painter& painter, Dice& dice, float floor) {
  const Rgb zenith = dice.jitter(dice.pick(kSky), 0.06F);
  const Rgb deep = dice.jitter({0.22F, 0.38F, 0.45F}, 0.1F);
  const std::uint32_t seed = dice.seed();
  const float shore = floor * dice.range(0.35F, 0.7F);
  const Rgb bank = dice.jitter({0.5F, 0.46F, 0.36F}, 0.1F);
  flood(painter.canvas(), [&](Vec2 p) {
    if (p.y < shore) return sky(p, zenith, seed, 0.5F);
    const float ripple =
        value_noise({p.x * 10, p.y * 60}, seed) * 0.5F + 0.5F * value_noise({p.x * 24, p.y * 120}, seed + 1);
    const float ground = floor + 0.08F * (fbm({p.x * 5, 2}, seed + 4, 2) - 0.5F);
    if (p.y > ground) return bank * (0.65F + 0.7F * fbm(p * 25, seed + 5, 3));
    return mix(deep, zenith, smooth_step(0.35F, 0.75F, ripple));
  });
}

void paint_beach(Painter& painter, Dice& dice, float floor) {
  const Rgb zenith = dice.jitter(dice.pick(kSky), 0.06F);
  const Rgb sand = dice.chance(0.3F) ? Rgb{0.90F, 0.92F, 0.95F} : dice.jitter({0.80F, 0.70F, 0.52F}, 0.08F);  // or snow
  const std::uint32_t seed = dice.seed();
  flood(painter.canvas(), [&](Vec2 p) {
    if (p.y < floor - 0.1F) return sky(p, zenith, seed, 0.4F);
    if (p.y < floor)
      return mix(zenith * 0.6F, Rgb{0.9F, 0.95F, 0.95F},
                 smooth_step(0.6F, 0.8F, value_noise({p.x * 8, p.y * 70}, seed)));
    return sand * (0.75F + 0.25F * fbm(p * 30, seed + 3, 3) + 0.2F * fbm({p.x * 3, p.y * 9}, seed + 4, 2));
  });
}

void paint_leaves(Painter& painter, Dice& dice, float) {
  const Rgb green = dice.jitter(dice.pick(kGrass), 0.1F);
  const std::uint32_t seed = dice.seed();
  const Rgb light = dice.jitter({0.85F, 0.9F, 0.75F}, 0.1F);
  flood(painter.canvas(), [&](Vec2 p) {
    const Rgb leaf = green * (0.35F + 0.9F * fbm(p * 6, seed, 3));
    return mix(leaf, light, smooth_step(0.6F, 0.75F, fbm(p * 9, seed + 2, 2)) * 0.8F);
  });
  const Frame frame = unit_frame(painter.canvas());
  for (int i = 0; i < 14; ++i) {
    Surface leaf = Surface::plain(dice.jitter(green, 0.2F));
    leaf.round = 0.03F;
    painter.fill(Shape(frame).ellipse({dice.range(0, 1), dice.range(0, 1)},
                                      {dice.range(0.03F, 0.09F), dice.range(0.015F, 0.035F)}, dice.range(0, 3.1F)),
                 leaf);
  }
  paint_trunks(painter, dice, dice.below(3), {0.4F, 0.32F, 0.25F});
}

}  // namespace fovea::synth
