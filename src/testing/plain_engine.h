#pragma once

#include <memory>
#include <vector>

#include "backend/api/tactic.h"
#include "engine/engine.h"

namespace fovea {

/// An engine without a compiler: every value plain and in arena bytes of its own, for each node the first tactic of the
/// backend that takes it so (or the one named). `graph` has pixels as input when it is u8, and ends in f32 n × classes.
struct PlainEngineOptions {
  std::vector<std::int64_t> batches = {1};
  int threads = 1;
  std::string tactic;               ///< empty: the first that runs
  std::vector<std::string> labels;  ///< empty: none
};
Engine plain_engine(const Graph& graph, const Backend& backend, Device& device, const PlainEngineOptions& options = {});

/// The CPU's, for rooms that may not see the registry.
const Backend& cpu_backend_for_tests();

/// pixels → conv 3×3 + relu → max pool → conv → global average pool → flatten → gemm → softmax, 8 × 8 pixels, with
/// weights by seed; `classes` labels' worth of output.
Graph tiny_classifier(int classes, std::uint64_t seed = 1, int side = 8);

/// Softmax over the channels' means, from the spec's pixels or from the float tensor that they become.
Graph pooling_classifier(const PreprocessSpec& spec, bool pixels);

/// One convolution on 8 × 8 pixels, its global average and two fully connected layers to 3 classes, a ReLU between them
/// if `bends`.
Graph two_layer_head(bool bends);

}  // namespace fovea
