#pragma once

#include <memory>
#include <vector>

#include "backend/api/tactic.h"
#include "data/dataset.h"
#include "engine/executor.h"
#include "passes/pass.h"

namespace fovea {

/// What an engine is built for: the steps of optimize() share it.
struct OptimizeTarget {
  const Backend& backend;
  std::shared_ptr<Device> device;
  PassContext context;
  EngineInfo info;
  int threads = 0;
};

/// Images for calibration (never validation images) and for the gate. Both may be empty: then nothing is calibrated, or
/// nothing is proven.
struct OptimizeData {
  const Dataset* calibration_set = nullptr;
  std::vector<int> calibration;
  const Dataset* validation_set = nullptr;
  std::vector<int> validation;
};

/// A typed graph at opt-level 0 and batch 1, in memory: for trials, where results count and not speed.
std::shared_ptr<const Executor> quick_executor(const Graph& typed, const OptimizeTarget& target);

}  // namespace fovea
