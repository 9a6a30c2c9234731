#include "interop/onnx_export.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <onnx/onnx_pb.h>

#include <algorithm>

#include "base/error.h"
#include "interop/export_ops.h"
#include "interop/metadata.h"
#include "interop/tensor_proto.h"

namespace fovea {
namespace {

/// The oldest opset that can say it, since runtimes lag behind: FP8 came with 19, layers in bf16 with 22.
struct Version {
  int opset, ir;
};
Version version_for(const Graph& graph) {
  const auto holds = [&](DType dtype) {
    return std::ranges::find(graph.values(), dtype, &Value::dtype) != graph.values().end();
  };
  if (holds(DType::kBF16)) return {22, 10};
  if (holds(DType::kF8)) return {19, 9};
  return {17, 8};
}

void describe(const Value& value, bool symbolic_batch, onnx::ValueInfoProto& info) {
  info.set_name(value.name);
  auto* tensor = info.mutable_type()->mutable_tensor_type();
  tensor->set_elem_type(interop::onnx_type_of(value.dtype));
  for (int i = 0; i < value.shape.rank(); ++i) {
    auto* dim = tensor->mutable_shape()->add_dim();
    if (i == 0 && symbolic_batch)
      dim->set_dim_param("N");
    else
      dim->set_dim_value(value.shape[i]);
  }
}

}  // namespace

Bytes export_onnx(const Model& model) {
  const Graph& graph = model.graph;
  onnx::ModelProto proto;
  const Version version = version_for(graph);
  proto.set_ir_version(version.ir);
  proto.set_producer_name("fovea");
  proto.add_opset_import()->set_version(version.opset);
  onnx::GraphProto& to = *proto.mutable_graph();
  to.set_name("fovea");
  for (const ValueId id : graph.inputs()) describe(graph.value(id), model.symbolic_batch, *to.add_input());
  for (const ValueId id : graph.outputs()) describe(graph.value(id), model.symbolic_batch, *to.add_output());
  for (const Value& value : graph.values())
    if (value.is_constant()) interop::write_tensor(value.constant, value.name, *to.add_initializer());
  for (const Node& node : graph.nodes()) interop::export_node(graph, node, version.opset, to);
  interop::write_metadata(model, proto);
  require(proto.ByteSizeLong() < std::size_t{1} << 31, ErrorKind::kUnsupported,
          "[onnx] the model has {} bytes, an ONNX file holds 2 GiB", proto.ByteSizeLong());
  Bytes bytes(proto.ByteSizeLong());
  google::protobuf::io::ArrayOutputStream array(bytes.data(), static_cast<int>(bytes.size()));
  google::protobuf::io::CodedOutputStream stream(&array);
  stream.SetSerializationDeterministic(true);
  require(proto.SerializeToCodedStream(&stream), ErrorKind::kInternal, "[onnx] cannot serialise the model");
  return bytes;
}

void save_onnx(const Model& model, const std::filesystem::path& path) { write_atomic(path, export_onnx(model)); }

}  // namespace fovea
