#pragma once

#include "engine/plan.h"

namespace fovea {

/// Gives every value of a lowered plan (steps and layouts decided) its place: input, output, or an offset in the arena
/// such that values alive at the same time do not overlap, and every step its scratch; views lie where they look.
/// `in_place`: by step, the input in whose bytes it could write its output, −1: none; used where that input ends there
/// and is as large. Offsets are multiples of 64. Greedy by several orders (Pisarchyk & Lee 2020), then by making room
/// for what ended highest; the best one is kept. Deterministic.
void plan_memory(Plan& plan, const std::vector<int>& in_place = {});

}  // namespace fovea
