#pragma once

#include <cstdint>

#include "engine/engine.h"

namespace fovea {

/// What a step does, by its shapes and types: work, and bytes that it reads or writes at least once.
struct StepCost {
  std::int64_t macs = 0;           ///< multiply–accumulates
  std::uint64_t value_bytes = 0;   ///< images read and written, as laid out
  std::uint64_t weight_bytes = 0;  ///< packed
  std::uint64_t bytes() const { return value_bytes + weight_bytes; }
  double intensity() const { return bytes() == 0 ? 0 : static_cast<double>(macs) / static_cast<double>(bytes()); }
};
StepCost step_cost(const Engine& engine, const Plan& plan, const PlanStep& step);

}  // namespace fovea
