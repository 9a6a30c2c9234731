#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "graph/graph.h"

namespace fovea {

/// The structures of the CNN classifiers that PyTorch's model libraries export, as their ONNX files have them
/// (batch-norm unfolded, activations written out where the exporter writes them out), but narrow and shallow: one block
/// or two of each kind. Input "input" f32 [1, 3, size, size]; output logits [1, 10]. Weights by seed, such that
/// activations stay near 1. The batch is not built in.
struct ZooGraph {
  std::string_view name;
  Graph (*make)(int size, std::uint64_t seed);
};
std::span<const ZooGraph> zoo_graphs();

}  // namespace fovea
