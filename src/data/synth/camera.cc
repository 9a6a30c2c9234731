#include "data/synth/camera.h"

#include <array>

#include "data/synth/noise.h"

namespace fovea::synth {
namespace {

struct Exposure {
  Rgb gain;
  float contrast;
  Vec2 gradient;  ///< light falls off across the picture
  float vignette;
  float noise;
  float gray;  ///< share of desaturation
};

Exposure draw_exposure(Dice& dice) {
  const float brightness = dice.range(0.9F, 1.1F);
  const float warm = dice.range(-0.06F, 0.06F);
  return {Rgb{1 + warm, 1 + dice.range(-0.02F, 0.02F), 1 - warm} * brightness,
          dice.range(0.96F, 1.1F),
          direction(dice.range(0, 6.28F)) * dice.range(0, 0.2F),
          dice.range(0, 0.25F),
          dice.range(0.003F, 0.015F),
          dice.range(0, 0.15F)};
}

std::uint8_t quantize(float v) { return static_cast<std::uint8_t>(unit_clamp(v) * 255 + 0.5F); }

}  // namespace

Image photograph(Canvas& canvas, Dice& dice) {
  canvas.blur(dice.chance(0.5F) ? dice.range(0.3F, 0.9F) : 0);
  const Exposure e = draw_exposure(dice);
  const std::uint32_t seed = dice.seed();
  Image image(canvas.width(), canvas.height());
  const Vec2 scale{1 / as_float(canvas.width()), 1 / as_float(canvas.height())};
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      const Vec2 off{(as_float(x) + 0.5F) * scale.x - 0.5F, (as_float(y) + 0.5F) * scale.y - 0.5F};
      const float light = (1 + dot(off, e.gradient) * 2) * (1 - e.vignette * 2 * dot(off, off));
      Rgb color = canvas.at(x, y).color;
      const float gray = luminance(color);
      color = mix(color, Rgb{gray, gray, gray}, e.gray) * e.gain * light;
      const std::array<float, 3> channels = {color.r, color.g, color.b};
      std::uint8_t* pixel = image.at(x, y);
      for (int c = 0; c < 3; ++c) {
        // The sum of two uniform values: close enough to a bell, and cheap.
        const float grain = cell_noise(x * 3 + c, y, seed) + cell_noise(x * 3 + c, y, seed + 1) - 1;
        const float value = 0.5F + (channels[static_cast<std::size_t>(c)] - 0.5F) * e.contrast;
        pixel[c] = quantize(value + grain * 2.4F * e.noise);
      }
    }
  }
  return image;
}

}  // namespace fovea::synth
