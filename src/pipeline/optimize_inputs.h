#pragma once

#include <optional>

#include "pipeline/data_in.h"
#include "pipeline/model_source.h"
#include "quantize/optimize.h"

namespace fovea {

inline constexpr int kCalibrationImages = 200;  ///< of the training part, where nothing else is asked for

/// Images to calibrate with: a folder of their own, or some of the training images.
struct CalibrationImages {
  Dataset own;
  const Dataset* set = nullptr;
  std::vector<int> samples;
};

/// What the settings of a build say, in the words of the rooms below. `images` points into `calibration` and into the
/// data, which must outlive it; not to be moved.
struct OptimizeInputs {
  /// Calibration images: --calib, else 200 (or as many as said) of the training part; the gate: the validation part.
  OptimizeInputs(const SourceModel& source, const DataIn* data, const BuildSettings& settings, int threads);
  OptimizeInputs(const OptimizeInputs&) = delete;
  FrontEnd front;
  std::optional<FrontEnd> against;
  CalibrationImages calibration;
  OptimizeData images;
  EngineInfo info;
  OptimizeOptions options;
  const FrontEnd* float_side() const { return against ? &*against : nullptr; }
};

}  // namespace fovea
