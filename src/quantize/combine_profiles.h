#pragma once

#include <span>

#include "quantize/candidate.h"

namespace fovea {

/// One engine of several: batch profile i runs the plan that picked[i] has for it. Weights are stored once per content.
/// All must have the same profiles; what else the engine carries is the first's.
Engine combine_profiles(std::span<Built* const> picked);

}  // namespace fovea
