#pragma once

#include "compiler/layout_choice.h"

namespace fovea {

/// The sum of single times knows nothing of what stays in the caches from one step to the next. So the best few choices
/// for a graph (reformats taken to cost half, as timed and double; one layout throughout) are lowered and timed whole,
/// in turns, and the fastest wins; `microseconds` of the result is its measured time. Times of whole plans are entries
/// of the timing cache, by what their steps are.
LayoutPlan fastest_plan(const Graph& graph, CostTable& costs, TimingCache& cache);

}  // namespace fovea
