#pragma once

#include <set>
#include <string>

#include "pipeline/data_in.h"
#include "pipeline/model_source.h"
#include "quantize/optimize.h"
#include "report/trace.h"

namespace fovea {

struct BuiltEngine {
  OptimizeResult result;
  std::size_t model_bytes = 0;
  nlohmann::json vendor;  ///< TensorRT: runtime, layers, typed nodes, where the gate ran; null elsewhere
  double seconds = 0;
};

/// Stage 5: a model to an engine in memory. Calibration images: --calib, else 200 (or as many as said) of the training
/// part; the gate: the validation part.
BuiltEngine build_engine(const SourceModel& source, const DataIn* data, const BuildSettings& settings, int threads);

/// What `build --json` prints and the engine stores of its making (without times measured outside the timing cache).
nlohmann::json build_report(const BuiltEngine& built);

/// {candidates, calibration, fallbacks, gate} of a choice of precision.
nlohmann::json evidence_of(const OptimizeResult& result);

/// As the build's report says: nodes of an 8-bit engine whose output channels repair divided by numbers of their own.
std::set<std::string> equalized_nodes(const EngineInfo& info);

StageTrace trace_optimization(const BuiltEngine& built, const SourceModel& source);

/// Before any work: why engines that these settings build do not run here, in one line; empty where they do. Errors of
/// kind kWrongDevice (or as of open_device) where none can be built.
std::string why_not_run(const BuildSettings& settings);

/// What an engine that these settings build will need (DeviceInfo::fingerprint).
std::string fingerprint_for(const BuildSettings& settings);

/// The device that settings name.
std::shared_ptr<Device> open_device(const BuildSettings& settings);

}  // namespace fovea
