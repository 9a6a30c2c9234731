#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/plan.h"

namespace fovea {

/// Which batch profiles run a request: the cheapest sum of profiles' costs that covers it, the last one padded. Costs
/// are the plans' predicted times, or, where a plan has none, its batch plus a quarter of an image per run. Immutable.
class BatchCover {
 public:
  explicit BatchCover(std::span<const Plan> plans);
  /// Index of the plan that runs next when `images` (≥ 1) are left. O(1).
  std::size_t next(std::int64_t images) const {
    return images < static_cast<std::int64_t>(table_.size()) ? table_[static_cast<std::size_t>(images)] : bulk_;
  }

 private:
  std::vector<std::uint8_t> table_;  ///< by images left, up to twice the largest profile
  std::size_t bulk_ = 0;             ///< beyond: the profile that is cheapest per image
};

}  // namespace fovea
