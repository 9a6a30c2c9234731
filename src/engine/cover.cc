#include "engine/cover.h"

#include <algorithm>
#include <limits>

namespace fovea {
namespace {

std::vector<double> costs(std::span<const Plan> plans) {
  const bool timed = std::all_of(plans.begin(), plans.end(), [](const Plan& plan) { return plan.microseconds > 0; });
  std::vector<double> cost;
  for (const Plan& plan : plans) cost.push_back(timed ? plan.microseconds : static_cast<double>(plan.batch) + 0.25);
  return cost;
}

}  // namespace

BatchCover::BatchCover(std::span<const Plan> plans) {
  const std::vector<double> cost = costs(plans);
  const auto per_image = [&](std::size_t p) { return cost[p] / static_cast<double>(plans[p].batch); };
  std::int64_t largest = 0;
  for (std::size_t p = 0; p < plans.size(); ++p) {
    largest = std::max(largest, plans[p].batch);
    if (per_image(p) <= per_image(bulk_)) bulk_ = p;
  }
  const auto size = static_cast<std::size_t>(2 * largest + 1);
  std::vector<double> best(size, 0);
  table_.assign(size, 0);
  for (std::size_t n = 1; n < size; ++n) {
    best[n] = std::numeric_limits<double>::infinity();
    for (std::size_t p = 0; p < plans.size(); ++p) {
      const auto batch = static_cast<std::size_t>(plans[p].batch);
      const double total = cost[p] + best[n > batch ? n - batch : 0];
      if (total > best[n]) continue;  // among equals the larger profile goes first, so that padding comes last
      best[n] = total;
      table_[n] = static_cast<std::uint8_t>(p);
    }
  }
}

}  // namespace fovea
