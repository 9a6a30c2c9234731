#pragma once

#include <cstdint>

namespace fovea::train {

/// Linear warm-up, then half a cosine down to nothing (Loshchilov, Hutter 2017). Steps count from 0.
struct Schedule {
  double peak = 0;
  std::int64_t warmup_steps = 0;
  std::int64_t total_steps = 1;
  double at(std::int64_t step) const;
};

/// Batches of about equal size instead of a tiny last one, whose gradient would be noise: at most `batch` each.
int even_batch(std::int64_t images, int batch);
std::int64_t steps_of(std::int64_t images, int batch);  ///< per epoch

}  // namespace fovea::train
