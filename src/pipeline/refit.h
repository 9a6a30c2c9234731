#pragma once

#include <optional>

#include "engine/engine.h"
#include "pipeline/data_in.h"
#include "pipeline/model_source.h"
#include "quantize/gate.h"

namespace fovea {

struct RefitResult {
  Engine engine;
  std::optional<GateResult> gate;  ///< none without data
  double seconds = 0;
};

struct RefitOptions {
  GateOptions gate;
  DecodeLimits limits;
  int threads = 0;
};

/// Puts the weights of a model of the same structure into an engine (compiler/refit.h). What the report proved of the
/// old weights is dropped; with `data` the gate runs anew on its validation images. kInvalidArgument naming the first
/// node that differs, or when the preprocessing does.
RefitResult refit_engine(const Engine& engine, const SourceModel& source, const DataIn* data,
                         const RefitOptions& options);

}  // namespace fovea
