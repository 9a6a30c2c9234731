#include "data/synth/noise.h"

namespace fovea::synth {
namespace {

std::uint32_t hash(std::uint32_t x, std::uint32_t y, std::uint32_t seed) {
  std::uint32_t h = x * 0x8da6b343U ^ y * 0xd8163841U ^ seed * 0xcb1ab31fU;
  h = (h ^ (h >> 15)) * 0x2c1b3c6dU;
  h = (h ^ (h >> 12)) * 0x297a2d39U;
  return h ^ (h >> 15);
}

int floor_int(float v) {
  const int truncated = static_cast<int>(v);
  return truncated - (v < as_float(truncated) ? 1 : 0);
}

}  // namespace

float cell_noise(int x, int y, std::uint32_t seed) {
  return static_cast<float>(hash(static_cast<std::uint32_t>(x), static_cast<std::uint32_t>(y), seed) >> 8) * 0x1.0p-24F;
}

float value_noise(Vec2 p, std::uint32_t seed) {
  const int x = floor_int(p.x);
  const int y = floor_int(p.y);
  const float fx = p.x - as_float(x);
  const float fy = p.y - as_float(y);
  const float sx = fx * fx * (3 - 2 * fx);
  const float sy = fy * fy * (3 - 2 * fy);
  const float low = mix(cell_noise(x, y, seed), cell_noise(x + 1, y, seed), sx);
  const float high = mix(cell_noise(x, y + 1, seed), cell_noise(x + 1, y + 1, seed), sx);
  return mix(low, high, sy);
}

float fbm(Vec2 p, std::uint32_t seed, int octaves) {
  float sum = 0;
  float weight = 0.5F;
  float total = 0;
  for (int i = 0; i < octaves; ++i, weight *= 0.5F, p = p * 2.03F) {
    sum += weight * value_noise(p, seed + static_cast<std::uint32_t>(i));
    total += weight;
  }
  return sum / total;
}

}  // namespace fovea::synth
