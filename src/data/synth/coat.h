#pragma once

#include <array>

#include "data/synth/dice.h"
#include "data/synth/paint.h"

namespace fovea::synth {

/// What covers an animal. All species draw from the same colours.
struct Coat {
  Surface body;  ///< with the pattern
  Surface pale;  ///< muzzle, chest, paws, belly
  Surface dark;  ///< the far limbs: the body's in the shade
};

/// How likely a species wears a pattern, and its hair.
struct CoatHabits {
  float plain, stripes, patches, spots, saddle, feathers;
  float grain, grain_length, fringe;
  std::array<int, 6> favourites;  ///< colours worn more often than the others: indices of the table in coat.cc
};

Coat draw_coat(Dice& dice, const CoatHabits& habits);
Rgb draw_vivid(Dice& dice);  ///< collars, balls, cushions, bright plumage

}  // namespace fovea::synth
