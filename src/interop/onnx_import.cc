#include "interop/onnx_import.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/stubs/logging.h>
#include <onnx/onnx_pb.h>

#include <set>

#include "base/error.h"
#include "base/io/file.h"
#include "graph/verify.h"
#include "interop/importer.h"
#include "interop/inline_functions.h"
#include "interop/metadata.h"
#include "interop/tensor_proto.h"

namespace fovea {
namespace {

using interop::Importer;

onnx::ModelProto parse_proto(std::span<const std::byte> bytes) {
  const google::protobuf::LogSilencer silence;  // its complaints would go past our own error line
  google::protobuf::io::CodedInputStream stream(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                                static_cast<int>(bytes.size()));
  stream.SetRecursionLimit(64);
  onnx::ModelProto model;
  require(model.ParseFromCodedStream(&stream) && stream.ConsumedEntireMessage() && model.has_graph() &&
              model.graph().output_size() > 0,
          ErrorKind::kCorruptFile, "[onnx] not an ONNX model (or a truncated one)");
  return model;
}

int opset_of(const onnx::ModelProto& model) {
  for (const auto& set : model.opset_import()) {
    if (!set.domain().empty() && set.domain() != "ai.onnx") continue;
    require(set.version() >= 7 && set.version() <= 25, ErrorKind::kUnsupported, "[onnx] opset {}: 7 to 25 are read",
            set.version());
    return static_cast<int>(set.version());
  }
  fail(ErrorKind::kCorruptFile, "[onnx] the file names no opset of the ONNX domain");
}

/// Symbolic dimensions: the first is the batch (1), spatial ones take the wanted size.
Shape input_shape(const onnx::ValueInfoProto& input, const ImportOptions& options, bool& symbolic_batch) {
  require(input.type().has_tensor_type() && input.type().tensor_type().has_shape(), ErrorKind::kUnsupported,
          "[onnx] input {} has no shape", input.name());
  std::vector<std::int64_t> dims;
  for (const auto& dim : input.type().tensor_type().shape().dim()) {
    const bool symbolic = !dim.has_dim_value() || dim.dim_value() < 0;
    const std::size_t axis = dims.size();
    if (axis == 0) symbolic_batch = symbolic;
    if (symbolic && axis == 1)
      fail(ErrorKind::kUnsupported, "[onnx] input {} leaves the channels open ({})", input.name(), dim.dim_param());
    dims.push_back(!symbolic ? dim.dim_value() : axis == 0 ? 1 : (options.size > 0 ? options.size : 224));
  }
  return Shape(dims);
}

/// Inputs that are no initialisers become the graph's, but for those whose values the caller knows.
void add_inputs(const onnx::GraphProto& proto, const ImportOptions& options, Importer& importer, Model& model) {
  for (const onnx::ValueInfoProto& input : proto.input()) {
    if (importer.knows(input.name())) continue;  // an initialiser that is listed as input
    if (const auto known = options.constants.find(input.name()); known != options.constants.end()) {
      const Tensor& value = known->second;
      importer.bind(input.name(),
                    model.graph.add_constant(input.name(), is_float(value.dtype()) ? to_f32(value) : value));
      continue;
    }
    DType dtype = interop::dtype_of(input.type().tensor_type().elem_type(), "input " + input.name());
    if (is_float(dtype)) dtype = DType::kF32;
    const Shape shape = input_shape(input, options, model.symbolic_batch);
    require(shape.elements() > 0, ErrorKind::kUnsupported, "[onnx] input {} has shape {}", input.name(), shape.str());
    importer.bind(input.name(), model.graph.add_input(input.name(), dtype, shape));
  }
}

void add_initializers(const onnx::GraphProto& proto, const std::filesystem::path& folder, Importer& importer,
                      Graph& graph) {
  require(proto.sparse_initializer_size() == 0, ErrorKind::kUnsupported,
          "[onnx] sparse initialisers have no place here");
  for (const onnx::TensorProto& tensor : proto.initializer()) {
    Tensor value = interop::read_tensor(tensor, folder);
    if (is_float(value.dtype())) value = to_f32(value);
    importer.bind(tensor.name(), graph.add_constant(tensor.name(), std::move(value)));
  }
}

}  // namespace

Model import_onnx(std::span<const std::byte> bytes, const std::filesystem::path& folder, const ImportOptions& options) {
  require(bytes.size() <= options.max_bytes, ErrorKind::kInvalidArgument, "[onnx] {} bytes, the limit is {}",
          bytes.size(), options.max_bytes);
  onnx::ModelProto proto = parse_proto(bytes);
  const int opset = opset_of(proto);
  interop::inline_functions(proto);
  Model model;
  Importer importer(model.graph, folder, options.max_filled);
  add_initializers(proto.graph(), folder, importer, model.graph);
  add_inputs(proto.graph(), options, importer, model);
  importer.learn_readers(proto.graph());
  for (const onnx::NodeProto& node : proto.graph().node()) importer.import_node(node, opset);
  std::vector<ValueId> outputs;
  for (const onnx::ValueInfoProto& output : proto.graph().output()) outputs.push_back(importer.lookup(output.name()));
  model.graph.set_outputs(outputs);
  model.graph.compact();
  verify(model.graph);
  interop::read_metadata(proto, model);
  return model;
}

Model import_onnx(const std::filesystem::path& path, const ImportOptions& options) {
  const Bytes bytes = read_file(path, options.max_bytes);
  try {
    return import_onnx(bytes, path.parent_path(), options);
  } catch (const Error& error) {
    fail(error.kind(), "{}: {}", path.string(), error.message());
  }
}

}  // namespace fovea
