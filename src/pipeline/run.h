#pragma once

#include <filesystem>

#include "pipeline/settings.h"
#include "report/trace.h"

namespace fovea {

struct RunSettings {
  DataSettings data;  ///< an empty root: the pictures are drawn into OUT/data
  TrainSettings train;
  BuildSettings build;
  std::filesystem::path model;  ///< given: stage 4 trains nothing
  std::filesystem::path out;
  int synth_images = 1000;
  int threads = 0;
  bool force = false;  ///< do stages again that finished with the same inputs, options and version
};

/// All seven stages. Leaves OUT/model.onnx, OUT/model.engine, OUT/report.html and OUT/report.json; stages that finished
/// before with the same inputs, options and version are taken over. The epoch table goes to standard error as it grows.
/// Where the engine can be built for its device and not run (TensorRT ahead of time), the last two stages are left out:
/// their details are {not_run_because}.
Trace run_pipeline(const RunSettings& settings);

}  // namespace fovea
