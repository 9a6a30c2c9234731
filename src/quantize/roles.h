#pragma once

#include <vector>

#include "graph/graph.h"

namespace fovea {

/// What becomes of a node's data inputs when its neighbours run in 8 bits.
enum class Role {
  kCompute,  ///< multiplies: wants quantised activations and weights
  kCarry,    ///< moves or selects values: output has the input's scale (max pooling, reshape, concat, …)
  kCombine,  ///< adds or averages: own scale at the output
  kFloat,    ///< stays in float
};
Role role_of(const Graph& graph, const Node& node);

/// Which inputs of a node are activations to be quantised.
std::vector<std::size_t> data_inputs(const Graph& graph, const Node& node);

}  // namespace fovea
