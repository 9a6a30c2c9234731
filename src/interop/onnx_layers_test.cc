#include <gmock/gmock.h>

#include <cmath>

#include "graph/builder.h"
#include "graph/reference.h"
#include "interop/test_model.h"
#include "testing/graph_random.h"

namespace fovea {
namespace {

using ::testing::HasSubstr;

/// ECA's gate convolves along the channels: n × 3 × 16 here, three groups, steps of 2, every other number.
TEST(OnnxLayers, ConvolvesLinesAsImagesOfHeightOne) {
  const Tensor x = random_tensor(DType::kF32, {2, 3, 4, 4}, 1), w = random_tensor(DType::kF32, {3, 1, 3}, 2);
  for (const bool same : {false, true}) {
    onnx::ModelProto proto = empty_model();
    add_integers(proto, "lines", {0, 3, 16});
    add_floats(proto, "w", {3, 1, 3}, w);
    add_node(proto, "Reshape", {"x", "lines"}, "line");
    auto* conv = add_node(proto, "Conv", {"line", "w"}, "y");
    set_integers(conv, "group", {3});
    for (const char* each : {"strides", "dilations"}) set_integers(conv, each, {2, 2});
    for (auto& attribute : *conv->mutable_attribute())
      if (attribute.ints_size() == 2) attribute.mutable_ints()->RemoveLast();
    if (same) {
      auto* mode = conv->add_attribute();
      mode->set_name("auto_pad");
      mode->set_type(onnx::AttributeProto::STRING);
      mode->set_s("SAME_LOWER");
    } else {
      set_integers(conv, "pads", {2, 1});
    }
    Graph graph = import_proto(proto).graph;
    graph.set_batch(2);
    const Tensor y = run_reference(graph, std::span(&x, 1)).front();
    ASSERT_EQ(y.shape(), (Shape{2, 3, 8}));
    for (std::int64_t row = 0; row < 6; ++row)
      for (std::int64_t o = 0; o < 8; ++o) {
        double sum = 0;  // SAME pads 3 in all: 2 before; 2 and 1 given are the same
        for (std::int64_t k = 0; k < 3; ++k)
          if (const std::int64_t at = 2 * o - 2 + 2 * k; at >= 0 && at < 16)
            sum += static_cast<double>(x.data<float>()[static_cast<std::size_t>(row * 16 + at)]) *
                   static_cast<double>(w.data<float>()[static_cast<std::size_t>(row % 3 * 3 + k)]);
        EXPECT_NEAR(static_cast<double>(y.data<float>()[static_cast<std::size_t>(row * 8 + o)]), sum, 1e-5);
      }
  }
}

/// Standardised filters, as PyTorch writes them: batch-norm in training mode over [1, filters, c · r · s].
TEST(OnnxLayers, StandardisesWeightsThatAreFixed) {
  const auto with_weights = [](const Tensor& w, const std::string& from) {
    onnx::ModelProto proto = empty_model();
    add_floats(proto, "w", {1, 2, 27}, w);
    add_floats(proto, "gain", {2}, Tensor::of<float>({2}, {0.5F, 2}));
    add_floats(proto, "zero", {2}, Tensor::zeros(DType::kF32, {2}));
    add_integers(proto, "filters", {2, 3, 3, 3});
    add_node(proto, "Identity", {"w"}, "same");
    if (from == "mixed") add_node(proto, "ReduceMean", {"x"}, "mean");
    if (from == "mixed") add_node(proto, "Reshape", {"mean", "one"}, "number");
    if (from == "mixed") add_integers(proto, "one", {1});
    if (from == "mixed") add_node(proto, "Mul", {"same", "number"}, "mixed");
    auto* norm = add_node(proto, "BatchNormalization", {from, "gain", "zero", "zero", "zero"}, "standard");
    norm->add_output("running_mean");
    norm->add_output("running_variance");
    set_integers(norm, "training_mode", {1});
    add_node(proto, "Reshape", {"standard", "filters"}, "filter");
    add_node(proto, "Conv", {"x", "filter"}, "y");
    return proto;
  };
  const Tensor w = random_tensor(DType::kF32, {1, 2, 27}, 3);
  Tensor standard(DType::kF32, {2, 3, 3, 3});
  for (std::size_t k = 0; k < 2; ++k) {
    const std::span<const float> row = w.data<float>().subspan(k * 27, 27);
    double mean = 0, variance = 0;
    for (const float value : row) mean += static_cast<double>(value) / 27;
    for (const float value : row) variance += std::pow(static_cast<double>(value) - mean, 2) / 27;
    for (std::size_t i = 0; i < 27; ++i)
      standard.data<float>()[k * 27 + i] =
          static_cast<float>((static_cast<double>(row[i]) - mean) / std::sqrt(variance + 1e-5) * (k == 0 ? 0.5 : 2));
  }
  GraphBuilder net;
  const ValueId x = net.input("x", {1, 3, 4, 4});
  const Graph expected = net.finish({net.node(Conv2d{}, {x, net.constant("w", standard)}, "y")});
  const Tensor image = random_tensor(DType::kF32, {1, 3, 4, 4}, 4);
  for (const char* from : {"w", "same"}) {
    const Graph graph = import_proto(with_weights(w, from)).graph;
    EXPECT_LT(max_abs_diff(run_reference(graph, std::span(&image, 1)).front(),
                           run_reference(expected, std::span(&image, 1)).front()),
              1e-5);
  }
  EXPECT_THAT(message_of(with_weights(w, "mixed")), HasSubstr("training_mode"));
}

}  // namespace
}  // namespace fovea
