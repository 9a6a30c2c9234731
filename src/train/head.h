#pragma once

#include <cstdint>

#include "graph/graph.h"

namespace fovea::train {

/// The node that classifies: walking back from the only output through softmax, reshaping, pooling and activations, the
/// first gemm, matmul (with the addition of a constant after it) or convolution with constant weights. An index into
/// nodes(). kUnsupported naming the node where the walk stops.
std::size_t find_head(const Graph& graph);

/// See Api::replace_head. The new weights are normal with deviation 0.01 by seed, the bias 0; a matmul with its
/// addition becomes one gemm, so that it can be trained; a softmax or an activation after the head goes.
Graph replace_head(const Graph& base, int classes, std::uint64_t seed);

}  // namespace fovea::train
