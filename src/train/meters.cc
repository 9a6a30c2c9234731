#include "train/meters.h"

namespace fovea::train {

void AccuracyMeter::add(const Figures& figures) {
  total_.loss_sum += figures.loss_sum;
  total_.correct += figures.correct;
  total_.images += figures.images;
}

double RateMeter::per_second(std::int64_t count) const {
  const double elapsed = seconds();
  return elapsed > 0 ? static_cast<double>(count) / elapsed : 0;
}

}  // namespace fovea::train
