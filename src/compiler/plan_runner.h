#pragma once

#include <memory>
#include <vector>

#include "engine/plan.h"

namespace fovea {

/// A lowered plan made ready to be timed as a whole, on numbers of its own. One thread at a time.
class PlanRunner {
 public:
  /// `blobs` are those that the plan's steps name; they are copied.
  PlanRunner(const Plan& plan, const std::vector<Bytes>& blobs, const Backend& backend, Device& device);
  ~PlanRunner();
  double run(int times = 1);  ///< one after the other without a pause; microseconds of one

 private:
  struct Bound;
  std::unique_ptr<Bound> bound_;
};

}  // namespace fovea
