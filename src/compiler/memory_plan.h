#pragma once

#include "engine/plan.h"

namespace fovea {

/// Gives every value of a lowered plan (steps and layouts decided) its place: input, output, or an offset in the arena
/// such that values alive at the same time do not overlap; views lie where they look. Scratch stands behind. Offsets
/// are multiples of 64. Greedy by several orders (Pisarchyk & Lee 2020), the best one kept; deterministic.
void plan_memory(Plan& plan);

}  // namespace fovea
