#include "interop/tensor_proto.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <fstream>

#include "base/error.h"

namespace fovea::interop {
namespace fs = std::filesystem;
namespace {

struct TypeRow {
  DType dtype;
  int onnx;
};
constexpr int kFloat8E4M3 = 17;  ///< TensorProto::FLOAT8E4M3FN, which schemas before 1.14 do not name
constexpr TypeRow kTypes[] = {{DType::kF32, onnx::TensorProto::FLOAT},     {DType::kF16, onnx::TensorProto::FLOAT16},
                              {DType::kBF16, onnx::TensorProto::BFLOAT16}, {DType::kF64, onnx::TensorProto::DOUBLE},
                              {DType::kS8, onnx::TensorProto::INT8},       {DType::kU8, onnx::TensorProto::UINT8},
                              {DType::kS16, onnx::TensorProto::INT16},     {DType::kU16, onnx::TensorProto::UINT16},
                              {DType::kS32, onnx::TensorProto::INT32},     {DType::kU32, onnx::TensorProto::UINT32},
                              {DType::kS64, onnx::TensorProto::INT64},     {DType::kU64, onnx::TensorProto::UINT64},
                              {DType::kBool, onnx::TensorProto::BOOL},     {DType::kF8, kFloat8E4M3}};

void fill_raw(Tensor& tensor, std::string_view raw, const std::string& name) {
  require(raw.size() == tensor.byte_size(), ErrorKind::kCorruptFile,
          "[onnx] tensor {} of shape {} holds {} bytes, expected {}", name, tensor.shape().str(), raw.size(),
          tensor.byte_size());
  std::memcpy(tensor.bytes().data(), raw.data(), raw.size());
}

template <typename T, typename Field>
void fill_typed(Tensor& tensor, const Field& field, const std::string& name) {
  require(field.size() == tensor.elements(), ErrorKind::kCorruptFile, "[onnx] tensor {} of shape {} holds {} elements",
          name, tensor.shape().str(), field.size());
  auto* to = reinterpret_cast<T*>(tensor.bytes().data());
  for (const auto value : field) *to++ = static_cast<T>(value);
}

/// The typed fields of TensorProto: small integers and 16-bit floats travel in int32_data.
void fill_fields(Tensor& tensor, const onnx::TensorProto& proto) {
  const std::string& name = proto.name();
  switch (tensor.dtype()) {
    case DType::kF32:
      return fill_typed<float>(tensor, proto.float_data(), name);
    case DType::kF64:
      return fill_typed<double>(tensor, proto.double_data(), name);
    case DType::kS64:
      return fill_typed<std::int64_t>(tensor, proto.int64_data(), name);
    case DType::kU64:
      return fill_typed<std::uint64_t>(tensor, proto.uint64_data(), name);
    case DType::kU32:
      return fill_typed<std::uint32_t>(tensor, proto.uint64_data(), name);
    case DType::kS32:
      return fill_typed<std::int32_t>(tensor, proto.int32_data(), name);
    case DType::kS16:
      return fill_typed<std::int16_t>(tensor, proto.int32_data(), name);
    case DType::kU16:
    case DType::kF16:
    case DType::kBF16:
      return fill_typed<std::uint16_t>(tensor, proto.int32_data(), name);
    case DType::kS8:
      return fill_typed<std::int8_t>(tensor, proto.int32_data(), name);
    case DType::kU8:
    case DType::kBool:
    case DType::kF8:
      return fill_typed<std::uint8_t>(tensor, proto.int32_data(), name);
  }
}

std::uint64_t number(const std::string& text, const std::string& name) {
  std::uint64_t value = 0;
  const char* end = text.data() + text.size();
  require(std::from_chars(text.data(), end, value).ptr == end && !text.empty(), ErrorKind::kCorruptFile,
          "[onnx] tensor {}: external offset or length \"{}\" is no number", name, text.substr(0, 40));
  return value;
}

/// One entry of m.onnx.data: the path must stay below the model's folder, and the range inside the file.
void fill_external(Tensor& tensor, const onnx::TensorProto& proto, const fs::path& folder) {
  std::string location;
  std::uint64_t offset = 0;
  std::uint64_t length = tensor.byte_size();
  for (const auto& entry : proto.external_data()) {
    if (entry.key() == "location") location = entry.value();
    if (entry.key() == "offset") offset = number(entry.value(), proto.name());
    if (entry.key() == "length") length = number(entry.value(), proto.name());
  }
  std::error_code code;
  const fs::path base = fs::weakly_canonical(folder.empty() ? fs::path(".") : folder, code);
  const fs::path path = fs::weakly_canonical(base / location, code);
  const auto [end, rest] = std::ranges::mismatch(base, path);
  require(!location.empty() && end == base.end() && fs::path(location).is_relative(), ErrorKind::kCorruptFile,
          "[onnx] tensor {}: external data \"{}\" is outside the model's folder", proto.name(), location);
  require(fs::is_regular_file(path, code), ErrorKind::kNotFound, "[onnx] tensor {}: external data {} is not there",
          proto.name(), path.string());
  const std::uint64_t size = fs::file_size(path, code);
  require(length == tensor.byte_size() && offset <= size && length <= size - offset, ErrorKind::kCorruptFile,
          "[onnx] tensor {} needs bytes {} to {} of {}, which has {}", proto.name(), offset,
          offset + tensor.byte_size(), location, size);
  std::ifstream file(path, std::ios::binary);
  file.seekg(static_cast<std::streamoff>(offset));
  file.read(reinterpret_cast<char*>(tensor.bytes().data()), static_cast<std::streamsize>(length));
  require(file.good(), ErrorKind::kCorruptFile, "[onnx] cannot read {}", path.string());
}

}  // namespace

DType dtype_of(int onnx_type, const std::string& where) {
  for (const TypeRow& row : kTypes)
    if (row.onnx == onnx_type) return row.dtype;
  const std::string type = onnx::TensorProto::DataType_IsValid(onnx_type)
                               ? onnx::TensorProto::DataType_Name(static_cast<onnx::TensorProto::DataType>(onnx_type))
                               : fmt::format("number {}", onnx_type);
  fail(ErrorKind::kUnsupported, "[onnx] {}: element type {} has no place here", where, type);
}

int onnx_type_of(DType dtype) { return std::ranges::find(kTypes, dtype, &TypeRow::dtype)->onnx; }

Tensor read_tensor(const onnx::TensorProto& proto, const fs::path& folder) {
  const DType dtype = dtype_of(proto.data_type(), "tensor " + proto.name());
  const Shape shape(std::vector<std::int64_t>(proto.dims().begin(), proto.dims().end()));
  const bool external = proto.data_location() == onnx::TensorProto::EXTERNAL;
  const auto elements = static_cast<std::size_t>(shape.elements());
  // Before allocating for a hostile shape: the bytes must be there.
  require(external || !proto.has_raw_data() || proto.raw_data().size() == elements * size_of(dtype),
          ErrorKind::kCorruptFile, "[onnx] tensor {} of shape {} holds {} bytes, expected {}", proto.name(),
          shape.str(), proto.raw_data().size(), elements * size_of(dtype));
  require(external || proto.has_raw_data() || elements <= proto.ByteSizeLong(), ErrorKind::kCorruptFile,
          "[onnx] tensor {} of shape {} holds too little data", proto.name(), shape.str());
  require(elements * size_of(dtype) <= std::uint64_t{1} << 34, ErrorKind::kUnsupported,
          "[onnx] tensor {} of shape {} is larger than 16 GiB", proto.name(), shape.str());
  Tensor tensor(dtype, shape);
  if (external)
    fill_external(tensor, proto, folder);
  else if (proto.has_raw_data())
    fill_raw(tensor, proto.raw_data(), proto.name());
  else
    fill_fields(tensor, proto);
  return tensor;
}

void write_tensor(const Tensor& tensor, const std::string& name, onnx::TensorProto& proto) {
  proto.set_name(name);
  proto.set_data_type(onnx_type_of(tensor.dtype()));
  for (const std::int64_t dim : tensor.shape()) proto.add_dims(dim);
  proto.set_raw_data(tensor.bytes().data(), tensor.byte_size());
}

}  // namespace fovea::interop
