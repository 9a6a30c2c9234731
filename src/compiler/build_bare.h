#pragma once

#include <memory>
#include <vector>

#include "engine/engine.h"
#include "graph/graph.h"

namespace fovea {

/// The fp32 plan of an engine's graph (as add_front_end makes it) at opt-level 0, in memory: it runs calibration,
/// sensitivity and the gate's float side. The passes before calibration are run first; plans keep the names of the
/// values that they leave. `threads`: 0 is the default. Errors as of compile.
std::shared_ptr<const Engine> bare_engine(const Graph& engine_graph, const EngineInfo& info, const Backend& backend,
                                          Device& device, const std::vector<std::int64_t>& batches = {1},
                                          int threads = 0);

}  // namespace fovea
