#include "quantize/portable.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "graph/reference.h"
#include "passes/quantized.h"
#include "passes/rewrite.h"
#include "quantize/dequantized.h"
#include "quantize/strong_types.h"
#include "testing/color_net.h"
#include "testing/photo_folder.h"
#include "testing/plain_engine.h"
#include "testing/temp_dir.h"
#include "testing/thrown.h"

namespace fovea {
namespace {

class MakePortable : public testing::Test {
 protected:
  MakePortable() {
    make_photo_folder(dir_.path() / "photos", {"a_red", "b_green", "c_blue"}, 8);
    dataset_ = open_folder(dir_.path() / "photos");
    data_.calibration_set = data_.validation_set = &dataset_;
    for (int i = 0; i < std::ssize(dataset_.samples); ++i)
      (i % 2 == 0 ? data_.calibration : data_.validation).push_back(i);
    options_.compile.threads = 1;
  }

  Portable make(const Graph& model, std::string_view runtime, Precision precision) {
    options_.precision = precision;
    EngineInfo info;
    info.preprocess = PreprocessSpec::unit(kColorSide);
    info.pixel_input = false;
    const FrontEnd front = add_front_end(model, info.preprocess, false);
    return make_portable(front, nullptr, info, cpu_backend_for_tests(), cpu_backend_for_tests().open(Isa::kAmx, 0),
                         data_, options_, runtime_form(runtime));
  }

  ErrorKind error_of(const Graph& model, std::string_view runtime, Precision precision) {
    return kind_of([&] { make(model, runtime, precision); });
  }

  const TempDir dir_;
  Dataset dataset_;
  OptimizeData data_;
  OptimizeOptions options_;
};

std::vector<const Node*> all_quantize(const Graph& graph) {
  std::vector<const Node*> found;
  for (const Node& node : graph.nodes())
    if (std::holds_alternative<Quantize>(node.op)) found.push_back(&node);
  return found;
}

/// Every node but conversions reads and makes one float type, weights and biases included.
void expect_one_type_per_node(const Graph& graph) {
  for (const Node& node : graph.nodes()) {
    if (std::holds_alternative<Identity>(node.op) || std::holds_alternative<Quantize>(node.op) ||
        std::holds_alternative<Dequantize>(node.op))
      continue;
    for (std::size_t i = 0; i < node.inputs.size(); ++i)
      EXPECT_TRUE(!graph.has_input(node, i) || graph.input_of(node, i).dtype == graph.value(node.outputs[0]).dtype)
          << node.name << " input " << i;
  }
}

TEST_F(MakePortable, Int8ForTensorRtIsSignedAroundZero) {
  const Portable made = make(color_net(), "tensorrt", Precision::kInt8);
  EXPECT_TRUE(made.evidence.gate->passed);
  EXPECT_THAT(all_quantize(made.graph), testing::SizeIs(testing::Ge(2U)));
  for (const Node* node : all_quantize(made.graph)) {
    EXPECT_EQ(std::get<Quantize>(node->op).to, DType::kS8);
    EXPECT_EQ(made.graph.input_of(*node, 2).constant.data<std::int8_t>()[0], 0);
  }
  const GraphIndex index(made.graph);
  const Node* conv = made.graph.find_node("conv1");
  EXPECT_EQ(explicit_precision(made.graph, index, *conv), "int8");
  EXPECT_EQ(rewrite::producer(made.graph, index, conv->inputs[2]), nullptr);  // the bias is a real constant
  const auto scales = [&](std::size_t i) {
    return rewrite::float_constant(made.graph, *rewrite::producer(made.graph, index, conv->inputs[i]), 1)
        ->data<float>();
  };
  const Tensor& bias = *rewrite::float_constant(made.graph, *conv, 2);
  for (std::size_t c = 0; c < bias.data<float>().size(); ++c) {  // a whole number of steps of the sum
    const float steps = bias.data<float>()[c] / (scales(0)[0] * scales(1)[scales(1).size() == 1 ? 0 : c]);
    EXPECT_NEAR(steps, std::nearbyint(steps), 1e-6F * std::max(1.0F, std::abs(steps))) << c;
  }
  expect_one_type_per_node(made.graph);
}

TEST_F(MakePortable, HalfIsHalfThroughout) {
  const Portable made = make(color_net(), "tensorrt", Precision::kFp16);
  EXPECT_TRUE(made.evidence.gate->passed);
  expect_one_type_per_node(made.graph);
  EXPECT_EQ(made.graph.input_of(*made.graph.find_node("conv1"), 2).dtype, DType::kF16);
  const auto casts = std::ranges::count_if(made.graph.nodes(),
                                           [](const Node& node) { return std::holds_alternative<Identity>(node.op); });
  EXPECT_EQ(casts, 2);  // in and out
}

TEST_F(MakePortable, WhatOverflowsInHalfStaysWide) {
  const Portable made = make(color_net({.overflows_in_bf16 = true}), "tensorrt", Precision::kFp16);
  EXPECT_TRUE(made.evidence.gate->passed);
  EXPECT_EQ(made.graph.input_of(*made.graph.find_node("conv1"), 1).dtype, DType::kF32);
  EXPECT_THAT(made.evidence.fallbacks,
              testing::Contains(testing::Field(&Fallback::reason, testing::HasSubstr("f16 ends at"))));
}

TEST_F(MakePortable, Float8EndsAt448Steps) {
  const Portable made = make(color_net(), "tensorrt", Precision::kFp8);
  EXPECT_TRUE(made.evidence.gate->passed);
  for (const Node* node : all_quantize(made.graph)) EXPECT_EQ(std::get<Quantize>(node->op).to, DType::kF8);
  EXPECT_EQ(explicit_precision(made.graph, GraphIndex(made.graph), *made.graph.find_node("conv2")), "fp8");
}

TEST_F(MakePortable, IntegerKernelsOfOnnxRuntimeGetIntegerBiases) {
  const Portable made = make(color_net(), "onnxruntime", Precision::kInt8);
  const GraphIndex index(made.graph);
  const Node* bias = rewrite::producer(made.graph, index, made.graph.find_node("conv1")->inputs[2]);
  ASSERT_NE(bias, nullptr);
  EXPECT_EQ(made.graph.input_of(*bias, 0).dtype, DType::kS32);
  EXPECT_TRUE(std::ranges::any_of(all_quantize(made.graph),
                                  [](const Node* node) { return std::get<Quantize>(node->op).to == DType::kU8; }));
}

TEST_F(MakePortable, AutoTakesTheNarrowestThatPasses) {
  EXPECT_EQ(make(color_net(), "tensorrt", Precision::kAuto).evidence.chosen, Precision::kInt8);
  data_.calibration.clear();
  EXPECT_EQ(make(color_net(), "tensorrt", Precision::kAuto).evidence.chosen, Precision::kFp16);
  EXPECT_EQ(make(color_net(), "openvino", Precision::kAuto).evidence.chosen, Precision::kFp32);
  data_.validation.clear();
  EXPECT_EQ(make(color_net(), "tensorrt", Precision::kAuto).evidence.chosen, Precision::kFp32);
}

TEST_F(MakePortable, RefusesWhatCannotBe) {
  EXPECT_EQ(error_of(color_net(), "openvino", Precision::kFp8), ErrorKind::kUnsupported);
  data_.calibration.clear();
  EXPECT_EQ(error_of(color_net(), "tensorrt", Precision::kInt8), ErrorKind::kInvalidArgument);
  Graph quantized = color_net();
  Ranges ranges;
  for (const Value& value : quantized.values())
    if (!value.is_constant()) ranges[value.name] = {0, 3};
  insert_quantization(quantized, ranges, {});
  EXPECT_EQ(error_of(quantized, "tensorrt", Precision::kFp32), ErrorKind::kUnsupported);
  EXPECT_THROW(runtime_form("tflite"), Error);
}

TEST(Dequantized, IsTheRealNetworkButForRoundedWeights) {
  const Graph plain = color_net();
  Graph quantized = plain;
  Ranges ranges;
  for (const Value& value : plain.values())
    if (!value.is_constant()) ranges[value.name] = {-10, 10};
  insert_quantization(quantized, ranges, {});
  ASSERT_TRUE(is_quantized(quantized));
  const Graph real = dequantized(quantized);
  EXPECT_FALSE(is_quantized(real));
  const Value& input = plain.value(plain.inputs()[0]);
  Tensor x = Tensor::zeros(input.dtype, input.shape);
  const std::span<float> red = x.data<float>().first(x.data<float>().size() / 3);
  std::ranges::fill(red, 1.0F);
  const std::vector<Tensor> wanted = run_reference(plain, std::vector{x}), got = run_reference(real, std::vector{x});
  const float largest = std::ranges::max(wanted[0].data<float>());
  ASSERT_GT(largest, 0);
  for (std::size_t i = 0; i < wanted[0].data<float>().size(); ++i)
    EXPECT_NEAR(got[0].data<float>()[i], wanted[0].data<float>()[i], 0.05 * largest) << i;
}

// Quantisers leave a relu out where numbers below 0 saturate anyway.
TEST(Dequantized, CutsOffWhatAPairCutOffInPlaceOfARelu) {
  Graph quantized;
  const ValueId x = quantized.add_input("x", DType::kF32, {1, 2, 1, 1});
  const ValueId w = quantized.add_constant("w", Tensor::of<float>({2, 2, 1, 1}, {1, 0, 0, -1}));
  const ValueId y = quantized.add_node(Conv2d{}, {x, w, kNoValue}, "conv");
  const ValueId scale = quantized.add_constant("scale", Tensor::of<float>({}, {0.01F}));
  const ValueId zero = quantized.add_constant("zero", Tensor::of<std::uint8_t>({}, {0}));
  const ValueId stored = quantized.add_node(Quantize{DType::kU8}, {y, scale, zero}, "quantize");
  quantized.set_outputs({quantized.add_node(Dequantize{}, {stored, scale, zero}, "dequantize")});
  const Graph real = dequantized(quantized);
  EXPECT_FALSE(is_quantized(real));
  const std::vector<Tensor> got = run_reference(real, std::vector{Tensor::of<float>({1, 2, 1, 1}, {2, 2})});
  EXPECT_EQ(got[0].data<float>()[0], 2);
  EXPECT_EQ(got[0].data<float>()[1], 0);
}

}  // namespace
}  // namespace fovea
