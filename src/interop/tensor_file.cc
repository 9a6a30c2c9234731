#include "interop/tensor_file.h"

#include <onnx/onnx_pb.h>

#include "base/error.h"
#include "base/io/file.h"
#include "interop/tensor_proto.h"

namespace fovea {

NamedTensor read_tensor_file(const std::filesystem::path& file) {
  const Bytes bytes = read_file(file);
  onnx::TensorProto proto;
  require(proto.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())), ErrorKind::kCorruptFile,
          "{} holds no tensor", file.string());
  return {proto.name(), interop::read_tensor(proto, file.parent_path())};
}

}  // namespace fovea
