#pragma once

#include <cstdint>

#include "base/log/clock.h"

namespace fovea::train {

/// What a batch, or all batches of an epoch, gave.
struct Figures {
  double loss_sum = 0;  ///< plain cross-entropy, summed over images
  std::int64_t correct = 0;
  std::int64_t images = 0;
};

/// Running means over images, whatever the sizes of the batches.
class AccuracyMeter {
 public:
  void add(const Figures& figures);
  double loss() const { return total_.images ? total_.loss_sum / static_cast<double>(total_.images) : 0; }
  double accuracy() const {
    return total_.images ? static_cast<double>(total_.correct) / static_cast<double>(total_.images) : 0;
  }
  std::int64_t images() const { return total_.images; }

 private:
  Figures total_;
};

/// Images per second since it was made.
class RateMeter {
 public:
  double seconds() const { return watch_.seconds(); }
  double per_second(std::int64_t count) const;

 private:
  Stopwatch watch_;
};

}  // namespace fovea::train
