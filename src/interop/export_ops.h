#pragma once

#include <onnx/onnx_pb.h>

#include "graph/graph.h"

namespace fovea::interop {

/// Appends the ONNX nodes (opset 17 or newer) that say what `node` says; a fused activation or residual becomes nodes
/// of its own. kUnsupported naming the node where ONNX has no op.
void export_node(const Graph& graph, const Node& node, int opset, onnx::GraphProto& to);

}  // namespace fovea::interop
