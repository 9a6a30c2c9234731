#include "data/synth/scene.h"

#include <array>
#include <numbers>

#include "data/synth/backdrops.h"

namespace fovea::synth {
namespace {

Light draw_light(Dice& dice) {
  const float angle = dice.range(0.1F, std::numbers::pi_v<float> - 0.1F);
  const float height = dice.range(0.35F, 0.8F);
  const float flat = std::sqrt(1 - height * height);
  return {flat * std::cos(angle), flat * std::sin(angle), height, dice.range(0.5F, 0.75F)};
}

}  // namespace

Scene draw_scene(Dice& dice, int size) {
  // Half the resolution: backgrounds are out of focus anyway.
  const int small = std::max(size / 2, 8);
  Scene scene{Canvas(small, small), 0, draw_light(dice)};
  Painter painter(scene.backdrop, scene.light);
  scene.floor = dice.range(0.35F, 0.7F);
  const Backdrop& backdrop = dice.pick(kBackdrops);
  if (!backdrop.has_floor) scene.floor = 2;
  backdrop.paint(painter, dice, scene.floor);
  scene.backdrop.fade(dice.jitter({0.62F, 0.62F, 0.6F}, 0.1F), dice.range(0.4F, 0.7F), dice.range(0.15F, 0.4F));
  scene.backdrop.blur(dice.range(1.5F, 3.5F));
  scene.backdrop = scene.backdrop.resized(size, size);
  return scene;
}

}  // namespace fovea::synth
