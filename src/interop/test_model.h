#pragma once

#include <onnx/onnx_pb.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/io/file.h"
#include "interop/onnx_import.h"

// For tests: ONNX files written by hand. Every model has the input "x", f32 [batch, 3, 4, 4], and the output "y".
namespace fovea {

inline std::string message_of(const onnx::ModelProto& proto, const std::filesystem::path& folder = {}) {
  try {
    import_onnx(as_bytes(std::string_view(proto.SerializeAsString())), folder);
  } catch (const Error& error) {
    return fmt::format("{}: {}", name(error.kind()), error.message());
  }
  return "no error";
}

inline void add_value(google::protobuf::RepeatedPtrField<onnx::ValueInfoProto>* list, const std::string& name,
                      const std::vector<std::int64_t>& dims) {
  auto* info = list->Add();
  info->set_name(name);
  auto* tensor = info->mutable_type()->mutable_tensor_type();
  tensor->set_elem_type(onnx::TensorProto::FLOAT);
  for (const std::int64_t dim : dims) {
    auto* made = tensor->mutable_shape()->add_dim();
    if (dim < 0)
      made->set_dim_param("N");
    else
      made->set_dim_value(dim);
  }
}

inline onnx::NodeProto* add_node(onnx::ModelProto& proto, const std::string& op, const std::vector<std::string>& inputs,
                                 const std::string& output) {
  auto* node = proto.mutable_graph()->add_node();
  node->set_op_type(op);
  node->set_name("the_" + output);
  for (const std::string& input : inputs) node->add_input(input);
  node->add_output(output);
  return node;
}

inline onnx::ModelProto empty_model(int opset = 17) {
  onnx::ModelProto proto;
  proto.set_ir_version(8);
  proto.add_opset_import()->set_version(opset);
  add_value(proto.mutable_graph()->mutable_input(), "x", {-1, 3, 4, 4});
  add_value(proto.mutable_graph()->mutable_output(), "y", {});
  return proto;
}

inline void add_integers(onnx::ModelProto& proto, const std::string& name, const std::vector<std::int64_t>& values) {
  auto* tensor = proto.mutable_graph()->add_initializer();
  tensor->set_name(name);
  tensor->set_data_type(onnx::TensorProto::INT64);
  tensor->add_dims(static_cast<std::int64_t>(values.size()));
  for (const std::int64_t value : values) tensor->add_int64_data(value);
}

inline Model import_proto(const onnx::ModelProto& proto) {
  return import_onnx(as_bytes(std::string_view(proto.SerializeAsString())), {});
}

inline void add_floats(onnx::ModelProto& proto, const std::string& name, const std::vector<std::int64_t>& dims,
                       const Tensor& values) {
  auto* tensor = proto.mutable_graph()->add_initializer();
  tensor->set_name(name);
  tensor->set_data_type(onnx::TensorProto::FLOAT);
  for (const std::int64_t dim : dims) tensor->add_dims(dim);
  for (const float value : values.data<float>()) tensor->add_float_data(value);
}

inline void set_integers(onnx::NodeProto* node, const std::string& name, const std::vector<std::int64_t>& values) {
  auto* made = node->add_attribute();
  made->set_name(name);
  made->set_type(values.size() == 1 ? onnx::AttributeProto::INT : onnx::AttributeProto::INTS);
  if (values.size() == 1) made->set_i(values[0]);
  for (const std::int64_t value : values) made->add_ints(value);
}

}  // namespace fovea
