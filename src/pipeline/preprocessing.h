#pragma once

#include "image/preprocess.h"
#include "pipeline/data_in.h"
#include "report/trace.h"

namespace fovea {

/// Stage 2: every image resized and cropped once, timed on all cores, with the figures that a reader can check.
StageTrace trace_preprocessing(const DataIn& data, const PreprocessSpec& spec, const DecodeLimits& limits);

}  // namespace fovea
