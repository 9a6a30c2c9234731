#pragma once

#include <cstdint>

#include "graph/graph.h"

namespace fovea::train {

/// Initial weights of every trainable constant and batch-norm statistic, a function of seed and value name only:
/// filters normal with variance 2 / fan-out (He et al. 2015), fully connected layers normal with deviation 0.01 (so
/// that training starts at the loss of guessing), biases 0, batch-norm the identity.
void initialize(Graph& graph, std::uint64_t seed);

/// f32 numbers, normal with mean 0, by seed and name.
Tensor normal_tensor(Shape shape, double deviation, std::uint64_t seed, const std::string& name);

}  // namespace fovea::train
