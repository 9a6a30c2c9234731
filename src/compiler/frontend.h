#pragma once

#include "engine/engine.h"
#include "graph/graph.h"
#include "image/preprocess.h"

namespace fovea {

/// Makes a model's graph an engine's graph: pixels in (unless `pixel_input` is off), exactly one softmax at the end.
struct FrontEnd {
  Graph graph;
  OutputKind model_output = OutputKind::kLogits;  ///< what the model itself ended in
};
/// kUnsupported when the graph has not one image input [n,c,h,w] and one output [n,classes] (trailing 1×1 axes are
/// flattened); kInvalidArgument when the spec's size or channels differ from the input's.
FrontEnd add_front_end(const Graph& model, const PreprocessSpec& spec, bool pixel_input);

}  // namespace fovea
