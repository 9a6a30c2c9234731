#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <string>

#include "interop/model.h"

namespace fovea {

struct ImportOptions {
  int size = 0;  ///< for symbolic heights and widths; 0: 224
  std::uint64_t max_bytes = std::uint64_t{1} << 31;
  std::int64_t max_filled = std::int64_t{1} << 24;  ///< elements of a constant that the file gives by shape and value
  std::map<std::string, Tensor> constants;          ///< inputs of the graph that are known already, e.g. a target shape
};

/// An ONNX file (opset 7 to 25) as a Model at batch 1 (or the file's fixed batch). Shape arithmetic is folded,
/// functions are inlined, FP16 weights widened; external data is read from the model's folder only. kCorruptFile for
/// bytes that are no model; kUnsupported naming node, op and reason for what the graph can't say.
Model import_onnx(const std::filesystem::path& path, const ImportOptions& options = {});
Model import_onnx(std::span<const std::byte> bytes, const std::filesystem::path& folder,
                  const ImportOptions& options = {});

}  // namespace fovea
