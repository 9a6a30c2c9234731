#pragma once

#include "classifier/classifier.h"
#include "pipeline/data_in.h"
#include "report/trace.h"

namespace fovea {

/// Stage 7: one validation image from bytes to probabilities, layer by layer.
StageTrace trace_prediction_stage(const Engine& engine, const DataIn& data, const DecodeLimits& limits);

}  // namespace fovea
