#pragma once

#include "engine/engine.h"
#include "graph/graph.h"

namespace fovea {

/// The engine with the weights of a retrained model: tactics, layouts, memory and the scales of activations stay,
/// nothing is timed; weights in 8 bits get scales of their own (symmetric, from their largest magnitude). `base`: the
/// model's graph with the front end, after the passes before calibration, as the engine was built from. The report is
/// left as it is. kInvalidArgument naming node and weight when `base` lacks one or has it in another shape.
Engine refit(const Engine& engine, const Graph& base, const Backend& backend, Device& device);

}  // namespace fovea
