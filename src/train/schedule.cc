#include "train/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace fovea::train {

double Schedule::at(std::int64_t step) const {
  if (step < warmup_steps) return peak * static_cast<double>(step + 1) / static_cast<double>(warmup_steps);
  const std::int64_t falling = std::max<std::int64_t>(total_steps - warmup_steps, 1);
  const double part = static_cast<double>(step - warmup_steps) / static_cast<double>(falling);
  return peak * 0.5 * (1 + std::cos(std::numbers::pi * std::min(part, 1.0)));
}

std::int64_t steps_of(std::int64_t images, int batch) { return (images + batch - 1) / batch; }

int even_batch(std::int64_t images, int batch) {
  const std::int64_t steps = std::max<std::int64_t>(steps_of(images, batch), 1);
  return static_cast<int>((images + steps - 1) / steps);
}

}  // namespace fovea::train
