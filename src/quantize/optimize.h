#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "compiler/compile.h"
#include "compiler/frontend.h"
#include "quantize/calibration.h"
#include "quantize/gate.h"
#include "quantize/optimize_target.h"
#include "quantize/typed_graph.h"

namespace fovea {

struct OptimizeOptions {
  Precision precision = Precision::kAuto;
  std::optional<Calibration> calibration;  ///< none: the method that changes the calibration images' results least
  GateOptions gate;
  CompileOptions compile;
  std::set<std::string> keep;  ///< nodes that stay in f32
  QuantizeForm form;
  std::filesystem::path calib_cache;
  DecodeLimits limits;
  bool keep_failed = false;  ///< give the engine although the gate refuses it
};

/// One whole plan that was considered.
struct CandidatePlan {
  Precision precision = Precision::kFp32;
  std::string label;      ///< the precision's name, or of a mix "mixed 1/4" (quantize/mixed_precision.h)
  double latency_ms = 0;  ///< first batch profile, least of interleaved runs (or from the timing cache); 0: not timed
  std::vector<double> profile_ms;      ///< the same of each profile
  std::vector<std::int64_t> profiles;  ///< batch sizes whose plan the engine took from here
  std::optional<GateResult> gate;
  std::size_t bytes = 0;                 ///< of the engine file
  double predicted_divergence = -1;      ///< of a mix, as the sum of its int8 nodes'; below 0: not predicted
  int widened = 0;                       ///< nodes that a mix keeps wide
  bool chosen = false;                   ///< for the first profile at least
  std::string reason;                    ///< why it was not chosen, or not possible
  std::shared_ptr<const Engine> engine;  ///< null where it is not possible
};

struct OptimizeResult {
  Engine engine;  ///< everything but info.report, which the caller writes
  Precision chosen = Precision::kFp32;
  std::vector<PassReport> passes;
  Graph base;              ///< after the passes before calibration
  CompileResult compiled;  ///< plans and blobs moved into the engine; reports stay
  std::vector<CandidatePlan> candidates;
  std::vector<Fallback> fallbacks;
  std::optional<GateResult> gate;
  CalibrationReport calibration;
  std::vector<std::string> equalized;  ///< nodes whose output channels repair divided by numbers of their own
  int timed = 0, from_cache = 0;       ///< tactic timings
};

/// Front-ended model → engine: passes, calibration and repair, one plan per candidate precision and, where int8 does
/// not pass, mixes of it with wider nodes; whole plans timed interleaved and put through the gate, fastest first; the
/// fastest that passes wins, within 2 % the more precise (docs/PRECISION.md); a further batch profile takes another's
/// plan where that is faster there by more than 5 %. A named precision is built alone.
/// `against` (null: the model itself) gives the gate's float side. kGateFailed naming drop and limit when no candidate
/// passes. `info` holds what the engine is to carry (labels, preprocess, split, …).
OptimizeResult optimize(const FrontEnd& front, const FrontEnd* against, EngineInfo info, const Backend& backend,
                        std::shared_ptr<Device> device, const OptimizeData& data, const OptimizeOptions& options,
                        TimingCache& cache);

}  // namespace fovea
