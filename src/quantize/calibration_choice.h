#pragma once

#include "quantize/optimize.h"

namespace fovea {

/// What the steps of optimize() share.
struct OptimizeTarget {
  const Backend& backend;
  std::shared_ptr<Device> device;
  PassContext context;
  EngineInfo info;
};

struct CalibrationResult {
  Ranges ranges;
  std::string method;
  int images = 0;
};

/// Ranges for `base` from the cache or from the calibration images. Where no method is named, each is tried: the one
/// whose int8 plan changes the class probabilities of the calibration images least (mean Kullback–Leibler divergence
/// from fp32).
CalibrationResult calibrate(const FrontEnd& front, const Graph& base, const OptimizeTarget& target,
                            const OptimizeData& data, const OptimizeOptions& options);

}  // namespace fovea
