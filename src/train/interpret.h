#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace fovea::train {

/// The graph's outputs by LibTorch, in f32 at inference; inputs in the order of graph.inputs(). kUnsupported,
/// kInternal.
std::vector<Tensor> interpret(const Graph& graph, std::span<const Tensor> inputs);

/// Gradients of Σ weights · output 0 with respect to every float input and trainable constant, by value name:
/// batch-norm with the running statistics, dropout off, so that finite differences of the reference can check them.
std::map<std::string, Tensor> differentiate(const Graph& graph, std::span<const Tensor> inputs, const Tensor& weights);

}  // namespace fovea::train
