#pragma once

#include "image/preprocess.h"
#include "pipeline/data_in.h"
#include "report/trace.h"

namespace fovea {

/// Stage 3: channels first. N × H × W × C becomes N × C × H × W, shown on one image.
StageTrace trace_to_tensor(const DataIn& data, const PreprocessSpec& spec, const DecodeLimits& limits);

}  // namespace fovea
