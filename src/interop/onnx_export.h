#pragma once

#include <filesystem>

#include "base/io/file.h"
#include "interop/model.h"

namespace fovea {

/// Opset 17 (19 with FP8, 22 with bf16), symbolic batch unless the model has a fixed one, metadata as fovea.* entries.
/// Same model, same bytes. kUnsupported naming a node that ONNX has no op for (pixels_to_tensor, fused epilogues are
/// unfolded into their parts).
Bytes export_onnx(const Model& model);
void save_onnx(const Model& model, const std::filesystem::path& path);

}  // namespace fovea
