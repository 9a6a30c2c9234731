#pragma once

#include <filesystem>
#include <string>

#include "tensor/tensor.h"

namespace fovea {

/// A tensor that stands alone in a file (a serialised TensorProto, *.pb), with its name. kCorruptFile.
struct NamedTensor {
  std::string name;
  Tensor tensor;
};
NamedTensor read_tensor_file(const std::filesystem::path& file);

}  // namespace fovea
