#pragma once

#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <numbers>

namespace fovea {

/// Counter-seeded random numbers: the stream is a pure function of its keys (seed, epoch, index, …), the same on every
/// machine and for every number of threads. SplitMix64 (Steele, Lea, Flood 2014). Not thread-safe; make one per item.
class Random {
 public:
  explicit Random(std::initializer_list<std::uint64_t> keys) {
    for (const std::uint64_t key : keys)
      state_ = mix(state_ + 0x9e3779b97f4a7c15ULL) ^ mix(key + 0xbf58476d1ce4e5b9ULL);
  }
  std::uint64_t bits() { return mix(state_ += 0x9e3779b97f4a7c15ULL); }
  double uniform() { return static_cast<double>(bits() >> 11) * 0x1.0p-53; }  ///< [0, 1)
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  std::uint64_t below(std::uint64_t n) {  ///< [0, n), n > 0; bias below 2^-32 for n < 2^32
    return static_cast<std::uint64_t>(uniform() * static_cast<double>(n));
  }
  bool chance(double p) { return uniform() < p; }
  double normal() {  ///< mean 0, deviation 1 (Box–Muller)
    const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
    return radius * std::cos(2.0 * std::numbers::pi * uniform());
  }

 private:
  static constexpr std::uint64_t mix(std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  std::uint64_t state_ = 0;
};

}  // namespace fovea
