#pragma once

#include <memory>
#include <string>

#include "eval/runner.h"
#include "graph/graph.h"

namespace fovea::train {

/// See Api::eager. kUnsupported for a device without LibTorch.
std::unique_ptr<Runner> make_eager(const Graph& graph, const PreprocessSpec& spec, bool logits_out, int threads,
                                   const std::string& device);

}  // namespace fovea::train
