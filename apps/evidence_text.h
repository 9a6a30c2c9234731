#pragma once

#include <string>

#include "quantize/optimize.h"

namespace fovea::apps {

/// What a choice of precision rests on, in lines for people.
std::string candidates_text(const OptimizeResult& result);   ///< a line each, the chosen one marked
std::string calibration_text(const OptimizeResult& result);  ///< method, repairs, nodes that are wider than asked
std::string gate_text(const GateResult& gate);               ///< one line

}  // namespace fovea::apps
