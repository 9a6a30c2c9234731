#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>

#include "base/random.h"
#include "data/synth/color.h"

namespace fovea::synth {

/// Random choices in the types that drawing uses.
class Dice {
 public:
  Dice(std::initializer_list<std::uint64_t> keys) : random_(keys) {}
  float range(float low, float high) { return static_cast<float>(random_.uniform(low, high)); }
  float around(float middle, float spread) { return middle * range(1 - spread, 1 + spread); }
  float sign() { return chance(0.5F) ? 1.0F : -1.0F; }
  bool chance(float p) { return random_.chance(p); }
  int below(int n) { return static_cast<int>(random_.below(static_cast<std::uint64_t>(n))); }
  std::uint32_t seed() { return static_cast<std::uint32_t>(random_.bits() >> 32); }
  Rgb jitter(Rgb c, float by) {
    const float light = range(-by, by);
    const auto one = [&](float v) { return unit_clamp(v + light + range(-by, by) * 0.5F); };
    const float r = one(c.r);
    const float g = one(c.g);
    return {r, g, one(c.b)};
  }
  template <typename Table>
  const auto& pick(const Table& table) {
    return table[static_cast<std::size_t>(below(static_cast<int>(std::size(table))))];
  }

 private:
  Random random_;
};

}  // namespace fovea::synth
