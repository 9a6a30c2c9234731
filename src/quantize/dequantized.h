#pragma once

#include "graph/graph.h"

namespace fovea {

/// The real network behind a model that holds quantize and dequantize nodes: stored weights and biases become f32
/// constants, pairs on activations go; where one did what a relu or clip in front of it would do, a clip takes its
/// place. For runtimes that take only some forms of Q/DQ: it is calibrated anew.
Graph dequantized(const Graph& graph);

}  // namespace fovea
