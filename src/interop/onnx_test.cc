#include <gmock/gmock.h>
#include <onnx/onnx_pb.h>

#include "base/error.h"
#include "base/io/file.h"
#include "base/random.h"
#include "graph/builder.h"
#include "graph/reference.h"
#include "interop/onnx_export.h"
#include "interop/onnx_import.h"
#include "interop/test_model.h"
#include "testing/graph_random.h"
#include "testing/temp_dir.h"

namespace fovea {
namespace {

using ::testing::HasSubstr;

TEST(Onnx, WhatIsWrittenReadsBackTheSame) {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    Model model;
    model.graph = random_cnn(seed);
    Model again = import_onnx(export_onnx(model), {});
    again.graph.set_batch(model.graph.batch());
    const Value& input = model.graph.value(model.graph.inputs().front());
    const std::vector<Tensor> inputs = {random_tensor(DType::kF32, input.shape, seed)};
    const Tensor expected = run_reference(model.graph, inputs).front();
    const Tensor got = run_reference(again.graph, inputs).front();
    EXPECT_LT(max_abs_diff(expected, got), 1e-5) << "seed " << seed;
    EXPECT_EQ(export_onnx(model), export_onnx(again)) << "seed " << seed;
  }
}

TEST(Onnx, CarriesLabelsPreprocessSplitAndHistory) {
  Model model;
  model.graph = random_cnn(3);
  model.labels = {"cat", "dög", "a \"bird\""};
  model.preprocess = PreprocessSpec::imagenet(96);
  model.split = "{\"seed\": 4}";
  model.history = "[{\"epoch\": 1}]";
  model.metadata["author"] = "somebody";
  const Model again = import_onnx(export_onnx(model), {});
  EXPECT_EQ(again.labels, model.labels);
  EXPECT_EQ(again.preprocess, model.preprocess);
  EXPECT_EQ(again.split, model.split);
  EXPECT_EQ(again.history, model.history);
  EXPECT_EQ(again.metadata, model.metadata);
}

TEST(Onnx, ReadsOtherToolsLabels) {
  onnx::ModelProto proto = empty_model();
  add_node(proto, "Relu", {"x"}, "y");
  auto* entry = proto.add_metadata_props();
  entry->set_key("names");
  entry->set_value("{0: 'cat', 1: \"dog's\", 2: 'a \\'b\\''}");
  EXPECT_THAT(import_proto(proto).labels, ::testing::ElementsAre("cat", "dog's", "a 'b'"));
}

TEST(Onnx, FoldsShapeArithmeticAndKeepsTheBatchOpen) {
  onnx::ModelProto proto = empty_model();
  add_integers(proto, "zero", {0});
  add_integers(proto, "rest", {-1});
  add_node(proto, "Shape", {"x"}, "shape");
  add_node(proto, "Gather", {"shape", "zero"}, "n");
  auto* concat = add_node(proto, "Concat", {"n", "rest"}, "target");
  auto* axis = concat->add_attribute();
  axis->set_name("axis");
  axis->set_type(onnx::AttributeProto::INT);
  axis->set_i(0);
  add_node(proto, "Reshape", {"x", "target"}, "y");
  Model model = import_proto(proto);
  ASSERT_EQ(model.graph.nodes().size(), 1U);
  EXPECT_EQ(model.graph.value(model.graph.outputs()[0]).shape, (Shape{1, 48}));
  model.graph.set_batch(5);
  EXPECT_EQ(model.graph.value(model.graph.outputs()[0]).shape, (Shape{5, 48}));
}

TEST(Onnx, InlinesLocalFunctions) {
  onnx::ModelProto proto = empty_model();
  proto.add_opset_import()->set_domain("local");
  auto* function = proto.add_functions();
  function->set_name("Twice");
  function->set_domain("local");
  function->add_input("a");
  function->add_output("b");
  auto* inner = function->add_node();
  inner->set_op_type("LeakyRelu");
  inner->add_input("a");
  inner->add_output("t");
  auto* alpha = inner->add_attribute();
  alpha->set_name("alpha");
  alpha->set_type(onnx::AttributeProto::FLOAT);
  alpha->set_ref_attr_name("slope");
  auto* sum = function->add_node();
  sum->set_op_type("Add");
  sum->add_input("t");
  sum->add_input("t");
  sum->add_output("b");
  auto* call = add_node(proto, "Twice", {"x"}, "y");
  call->set_domain("local");
  auto* slope = call->add_attribute();
  slope->set_name("slope");
  slope->set_type(onnx::AttributeProto::FLOAT);
  slope->set_f(0.25F);
  const Model model = import_proto(proto);
  ASSERT_EQ(model.graph.nodes().size(), 2U);
  Tensor x = Tensor::zeros(DType::kF32, {1, 3, 4, 4});
  x.data<float>()[0] = -4;
  const std::vector<Tensor> inputs = {x};
  EXPECT_FLOAT_EQ(run_reference(model.graph, inputs)[0].data<float>()[0], -2);
}

TEST(Onnx, RefusesARecursiveFunction) {
  onnx::ModelProto proto = empty_model();
  auto* function = proto.add_functions();
  function->set_name("Again");
  function->set_domain("local");
  function->add_input("a");
  function->add_output("b");
  auto* inner = function->add_node();
  inner->set_op_type("Again");
  inner->set_domain("local");
  inner->add_input("a");
  inner->add_output("b");
  add_node(proto, "Again", {"x"}, "y")->set_domain("local");
  EXPECT_THAT(message_of(proto), HasSubstr("nested deeper"));
}

TEST(Onnx, NamesNodeOpAndReasonOfWhatIsNotThere) {
  onnx::ModelProto proto = empty_model();
  add_node(proto, "DeformConv", {"x"}, "y");
  EXPECT_THAT(message_of(proto), HasSubstr("unsupported: [onnx] node the_y (DeformConv)"));
  onnx::ModelProto old = empty_model(6);
  add_node(old, "Relu", {"x"}, "y");
  EXPECT_THAT(message_of(old), HasSubstr("opset 6"));
}

TEST(Onnx, MasksMayHaveNamesButNoReaders) {
  onnx::ModelProto proto = empty_model(9);
  add_node(proto, "Dropout", {"x"}, "y")->add_output("mask");
  EXPECT_EQ(message_of(proto), "no error");
  add_node(proto, "Relu", {"mask"}, "z");
  EXPECT_THAT(message_of(proto), HasSubstr("unsupported: [onnx] node the_y (Dropout): output 1 (mask) is used"));
}

TEST(Onnx, ConfinesExternalDataToTheModelsFolder) {
  TempDir dir;
  write_atomic(dir / "model/m.data", std::string(16, '\1'));
  write_atomic(dir / "secret", std::string(16, '\2'));
  const auto with_location = [&](const std::string& location, const std::string& offset) {
    onnx::ModelProto proto = empty_model();
    auto* tensor = proto.mutable_graph()->add_initializer();
    tensor->set_name("w");
    tensor->set_data_type(onnx::TensorProto::FLOAT);
    tensor->add_dims(4);
    tensor->set_data_location(onnx::TensorProto::EXTERNAL);
    for (const auto& [key, value] : std::map<std::string, std::string>{{"location", location}, {"offset", offset}}) {
      auto* entry = tensor->add_external_data();
      entry->set_key(key);
      entry->set_value(value);
    }
    add_node(proto, "Add", {"x", "w"}, "y");
    return message_of(proto, dir / "model");
  };
  EXPECT_EQ(with_location("m.data", "0"), "no error");
  EXPECT_THAT(with_location("../secret", "0"), HasSubstr("outside the model's folder"));
  EXPECT_THAT(with_location((dir / "secret").string(), "0"), HasSubstr("outside the model's folder"));
  EXPECT_THAT(with_location("m.data", "8"), HasSubstr("corrupt file"));
  EXPECT_THAT(with_location("gone", "0"), HasSubstr("is not there"));
}

TEST(Onnx, TruncatedAndChangedBytesAreErrorsNotCrashes) {
  Model model;
  model.graph = random_cnn(5);
  const Bytes good = export_onnx(model);
  for (std::size_t cut = 0; cut < good.size(); cut += 1 + good.size() / 97) {
    const Bytes part(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(cut));
    EXPECT_THROW(import_onnx(part, {}), Error) << cut;
  }
  Random random{11};
  for (int i = 0; i < 400; ++i) {
    Bytes changed = good;
    for (int k = 0; k < 3; ++k) changed[random.below(changed.size())] = static_cast<std::byte>(random.below(256));
    try {
      import_onnx(changed, {});
    } catch (const Error& error) {
      EXPECT_NE(error.kind(), ErrorKind::kInternal) << error.message();
    }
  }
}

TEST(Onnx, UsesBeforeDefinitionAreRefused) {
  onnx::ModelProto proto = empty_model();
  add_node(proto, "Relu", {"later"}, "y");
  EXPECT_THAT(message_of(proto), HasSubstr("used before anything makes it"));
}

/// What a strongly typed graph is made of: casts, numbers in the type of their data, FP8 with the opset that has it.
TEST(OnnxExport, WritesPixelsAsPlainOps) {
  GraphBuilder build;
  const PixelsToTensor op{1.0F / 255, {0.485F, 0.456F, 0.406F}, {0.229F, 0.224F, 0.225F}};
  const ValueId x = build.node(op, {build.input("pixels", {1, 4, 5, 3}, DType::kU8)}, "front");
  Model model;
  model.graph = build.finish({x});
  const Model again = import_onnx(export_onnx(model), {});
  Tensor pixels(DType::kU8, {1, 4, 5, 3});
  for (std::size_t i = 0; i < pixels.bytes().size(); ++i) pixels.bytes()[i] = static_cast<std::byte>(i * 37);
  const Tensor wanted = run_reference(model.graph, std::vector{pixels}).front();
  const Tensor got = run_reference(again.graph, std::vector{pixels}).front();
  ASSERT_EQ(got.shape(), wanted.shape());
  for (std::size_t i = 0; i < wanted.data<float>().size(); ++i)
    EXPECT_NEAR(got.data<float>()[i], wanted.data<float>()[i], 1e-5) << i;
}

TEST(OnnxExport, WritesTypesAsTheyAre) {
  Model model;
  Graph& graph = model.graph;
  const ValueId x = graph.add_input("x", DType::kF32, {1, 2, 2, 2});
  const ValueId half = graph.add_node(Identity{}, {x}, "to_half");
  graph.value(half).dtype = DType::kF16;
  const ValueId clipped = graph.add_node(Unary{{Function::kClip, 0, 6}}, {half}, "clip");
  graph.value(clipped).dtype = DType::kF16;
  const ValueId wide = graph.add_node(Identity{}, {clipped}, "to_float");
  const ValueId scale = graph.add_constant("scale", Tensor::scalar(0.5F));
  const ValueId zero = graph.add_constant("zero", Tensor::zeros(DType::kF8, {}));
  const ValueId stored = graph.add_node(Quantize{DType::kF8, 1}, {wide, scale, zero}, "quantize");
  graph.set_outputs({graph.add_node(Dequantize{1}, {stored, scale, zero}, "dequantize")});
  const Bytes bytes = export_onnx(model);
  onnx::ModelProto proto;
  ASSERT_TRUE(proto.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
  EXPECT_EQ(proto.opset_import(0).version(), 19);
  EXPECT_EQ(proto.graph().node(0).op_type(), "Cast");
  EXPECT_EQ(proto.graph().node(0).attribute(0).i(), onnx::TensorProto::FLOAT16);
  EXPECT_EQ(proto.graph().node(2).attribute(0).i(), onnx::TensorProto::FLOAT);
  for (const auto& constant : proto.graph().initializer()) {
    const bool bound = constant.name().find("clip_m") != std::string::npos;
    EXPECT_EQ(constant.data_type() == onnx::TensorProto::FLOAT16, bound) << constant.name();
  }
  const Tensor input = Tensor::of<float>({1, 2, 2, 2}, {-1, 0.1F, 0.3F, 1, 2.2F, 5.3F, 7, 100});
  const Tensor expected = Tensor::of<float>({1, 2, 2, 2}, {0, 0.1015625F, 0.3125F, 1, 2.25F, 5.5F, 6, 6});
  EXPECT_TRUE(run_reference(import_onnx(bytes, {}).graph, std::span(&input, 1)).front().same(expected));
  EXPECT_TRUE(run_reference(graph, std::span(&input, 1)).front().same(expected));
}

/// A fused layer is written as parts again; their names must not meet those that an earlier export gave.
TEST(OnnxExport, NamesStayUniqueWhenExportedAgain) {
  GraphBuilder net;
  const ValueId x = net.input("x", {1, 2, 4, 4});
  Conv2d conv;
  conv.act = {Function::kRelu};
  const ValueId w = net.constant("w", Tensor::zeros(DType::kF32, {2, 2, 1, 1}));
  const ValueId y = net.node(conv, {x, w}, "y/before");
  net.graph().rename_value(y, "y");
  Model model;
  model.graph = net.finish({y});
  const Bytes bytes = export_onnx(model);
  onnx::ModelProto proto;
  ASSERT_TRUE(proto.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
  ASSERT_EQ(proto.graph().node_size(), 2);
  EXPECT_NE(proto.graph().node(0).name(), proto.graph().node(1).name());
}

}  // namespace
}  // namespace fovea
