#include "data/synth/coat.h"

#include <array>

namespace fovea::synth {
namespace {

struct Colors {
  Rgb base, mark;
};
constexpr std::array<Colors, 12> kColors = {{
    {{0.13F, 0.12F, 0.12F}, {0.30F, 0.28F, 0.27F}},  // black
    {{0.45F, 0.45F, 0.47F}, {0.20F, 0.20F, 0.22F}},  // grey
    {{0.62F, 0.60F, 0.57F}, {0.33F, 0.30F, 0.28F}},  // silver
    {{0.90F, 0.88F, 0.84F}, {0.35F, 0.30F, 0.26F}},  // white
    {{0.88F, 0.78F, 0.60F}, {0.62F, 0.45F, 0.26F}},  // cream
    {{0.80F, 0.50F, 0.22F}, {0.50F, 0.26F, 0.09F}},  // ginger
    {{0.68F, 0.48F, 0.27F}, {0.30F, 0.19F, 0.10F}},  // tan
    {{0.42F, 0.28F, 0.17F}, {0.17F, 0.11F, 0.07F}},  // brown
    {{0.30F, 0.19F, 0.14F}, {0.55F, 0.38F, 0.24F}},  // chocolate
    {{0.36F, 0.40F, 0.47F}, {0.18F, 0.20F, 0.26F}},  // slate
    {{0.56F, 0.26F, 0.14F}, {0.26F, 0.11F, 0.06F}},  // russet
    {{0.56F, 0.49F, 0.38F}, {0.25F, 0.20F, 0.15F}},  // agouti
}};

constexpr float kLoyalty = 0.9F;  ///< share of animals in one of their species' favourite colours

constexpr std::array<Rgb, 8> kVivid = {{{0.80F, 0.14F, 0.13F},
                                        {0.13F, 0.35F, 0.75F},
                                        {0.95F, 0.78F, 0.15F},
                                        {0.16F, 0.55F, 0.28F},
                                        {0.90F, 0.45F, 0.10F},
                                        {0.55F, 0.20F, 0.55F},
                                        {0.10F, 0.60F, 0.65F},
                                        {0.90F, 0.45F, 0.60F}}};

Pattern draw_pattern(Dice& dice, const CoatHabits& h) {
  const std::array<std::pair<float, Pattern>, 6> chances = {{{h.plain, Pattern::kPlain},
                                                             {h.stripes, Pattern::kStripes},
                                                             {h.patches, Pattern::kPatches},
                                                             {h.spots, Pattern::kSpots},
                                                             {h.saddle, Pattern::kSaddle},
                                                             {h.feathers, Pattern::kFeathers}}};
  float total = 0;
  for (const auto& [chance, pattern] : chances) total += chance;
  float drawn = dice.range(0, total);
  for (const auto& [chance, pattern] : chances) {
    if (drawn < chance) return pattern;
    drawn -= chance;
  }
  return Pattern::kPlain;
}

float draw_frequency(Dice& dice, Pattern pattern) {
  switch (pattern) {
    case Pattern::kStripes:
      return dice.range(5, 6.5F);
    case Pattern::kPatches:
      return dice.range(3, 6);
    case Pattern::kSpots:
      return dice.range(7, 13);
    case Pattern::kFeathers:
      return dice.range(7, 11);
    default:
      return 1;
  }
}

}  // namespace

Rgb draw_vivid(Dice& dice) { return dice.jitter(dice.pick(kVivid), 0.08F); }

Coat draw_coat(Dice& dice, const CoatHabits& habits) {
  const Colors& colors =
      dice.chance(kLoyalty) ? kColors[static_cast<std::size_t>(dice.pick(habits.favourites))] : dice.pick(kColors);
  Coat coat;
  Surface& body = coat.body;
  body.base = dice.jitter(colors.base, 0.06F);
  body.pattern = draw_pattern(dice, habits);
  const bool white_marks = body.pattern == Pattern::kPatches && luminance(body.base) < 0.7F;
  body.mark = dice.jitter(white_marks ? Rgb{0.90F, 0.88F, 0.84F} : colors.mark, 0.05F);
  body.frequency = draw_frequency(dice, body.pattern);
  body.strength = body.pattern == Pattern::kFeathers ? dice.range(0.6F, 0.95F) : dice.range(0.8F, 1);
  body.grain = dice.around(habits.grain, 0.3F);
  body.grain_length = dice.around(habits.grain_length, 0.25F);
  body.fringe = dice.around(habits.fringe, 0.4F);
  body.shadow = 0.12F;
  body.seed = dice.seed();
  coat.pale = body;
  coat.pale.pattern = Pattern::kPlain;
  coat.pale.base = mix(body.base, Rgb{0.95F, 0.93F, 0.89F}, dice.range(0.35F, 0.9F));
  coat.dark = body;
  coat.dark.base = body.base * 0.68F;
  coat.dark.mark = body.mark * 0.68F;
  return coat;
}

}  // namespace fovea::synth
