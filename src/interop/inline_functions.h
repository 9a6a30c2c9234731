#pragma once

#include <onnx/onnx_pb.h>

namespace fovea::interop {

/// Replaces calls of the model's local functions by their bodies, with attributes filled in and inner names made
/// unique, so that later stages see standard ops only. kUnsupported for recursion or when the result passes a million
/// nodes.
void inline_functions(onnx::ModelProto& model);

}  // namespace fovea::interop
