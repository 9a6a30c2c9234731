#pragma once

#include <cstdint>

#include "data/synth/geometry.h"

namespace fovea::synth {

/// Value noise on the integer lattice (K. Perlin's construction with hashed values), smooth, 0–1.
float value_noise(Vec2 p, std::uint32_t seed);

/// Sum of `octaves` of value noise, each twice as fine and half as strong, 0–1.
float fbm(Vec2 p, std::uint32_t seed, int octaves);

/// One random value per lattice cell, 0–1.
float cell_noise(int x, int y, std::uint32_t seed);

}  // namespace fovea::synth
