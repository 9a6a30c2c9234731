#pragma once

#include <onnx/onnx_pb.h>

#include <filesystem>

#include "tensor/tensor.h"

namespace fovea::interop {

/// ONNX element type to DType; kUnsupported naming the type (strings, complex, 4- and 8-bit floats).
DType dtype_of(int onnx_type, const std::string& where);
int onnx_type_of(DType dtype);

/// `folder` confines external data: a path that leaves it is kCorruptFile. Data of the wrong length is kCorruptFile.
Tensor read_tensor(const onnx::TensorProto& proto, const std::filesystem::path& folder);
void write_tensor(const Tensor& tensor, const std::string& name, onnx::TensorProto& proto);

}  // namespace fovea::interop
