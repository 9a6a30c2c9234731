#include "compiler/frontend.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "graph/builder.h"
#include "graph/reference.h"
#include "graph/verify.h"
#include "testing/graph_random.h"
#include "testing/thrown.h"

namespace fovea {
namespace {

PreprocessSpec spec_of(int size) { return PreprocessSpec::unit(size); }

/// 3 × 8 × 8 → logits of 4 classes; `tail` makes the output.
template <typename Tail>
Graph model(const Tail& tail) {
  GraphBuilder build;
  const ValueId x = build.input("image", {1, 3, 8, 8});
  const ValueId pooled = build.global_average_pool("pool", build.conv("conv", x, 4, {}));
  return build.finish({tail(build, pooled)});
}
Graph logits() {
  return model([](GraphBuilder& b, ValueId x) { return b.flatten("flat", x); });
}

std::vector<float> run(const Graph& graph, const Tensor& input) {
  const Tensor y = run_reference(graph, std::span(&input, 1))[0];
  return {y.data<float>().begin(), y.data<float>().end()};
}

int softmaxes(const Graph& graph) {
  return static_cast<int>(
      std::ranges::count_if(graph.nodes(), [](const Node& node) { return std::holds_alternative<Softmax>(node.op); }));
}

ErrorKind kind_of(const Graph& graph, const PreprocessSpec& spec) {
  return fovea::kind_of([&] { add_front_end(graph, spec, true); });
}

TEST(FrontEnd, TakesPixelsAndEndsInOneSoftmax) {
  const Graph plain = logits();
  const FrontEnd made = add_front_end(plain, spec_of(8), true);
  verify(made.graph);
  EXPECT_EQ(made.model_output, OutputKind::kLogits);
  EXPECT_EQ(softmaxes(made.graph), 1);
  const Value& pixels = made.graph.value(made.graph.inputs()[0]);
  EXPECT_EQ(pixels.dtype, DType::kU8);
  EXPECT_EQ(pixels.shape, (Shape{1, 8, 8, 3}));

  const Tensor u8 = random_tensor(DType::kU8, {1, 8, 8, 3}, 1, 0, 255);
  Tensor chw(DType::kF32, {1, 3, 8, 8});
  for (std::size_t c = 0; c < 3; ++c)
    for (std::size_t p = 0; p < 64; ++p)
      chw.data<float>()[c * 64 + p] = static_cast<float>(u8.data<std::uint8_t>()[p * 3 + c]) / 255.0F;
  const std::vector<float> from_pixels = run(made.graph, u8);
  const std::vector<float> from_tensor = run(add_front_end(plain, spec_of(8), false).graph, chw);
  ASSERT_EQ(from_pixels.size(), 4U);
  float sum = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_NEAR(from_pixels[i], from_tensor[i], 1e-5);
    sum += from_pixels[i];
  }
  EXPECT_NEAR(sum, 1, 1e-5);
}

TEST(FrontEnd, NormalisesNothingTwice) {
  const auto with = [](bool log) {
    return model([log](GraphBuilder& b, ValueId x) { return b.flatten("flat", b.node(Softmax{1, log}, {x}, "own")); });
  };
  const Tensor x = random_tensor(DType::kF32, {1, 3, 8, 8}, 2);
  const std::vector<float> expected = run(add_front_end(logits(), spec_of(8), false).graph, x);
  for (const bool log : {false, true}) {
    const FrontEnd made = add_front_end(with(log), spec_of(8), false);
    EXPECT_EQ(made.model_output, log ? OutputKind::kLogits : OutputKind::kProbabilities);
    EXPECT_EQ(softmaxes(made.graph), 1);
    const std::vector<float> actual = run(made.graph, x);
    for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(actual[i], expected[i], 1e-5);
  }
}

TEST(FrontEnd, FlattensTrailingAxes) {
  const FrontEnd made = add_front_end(model([](GraphBuilder&, ValueId x) { return x; }), spec_of(8), true);
  EXPECT_EQ(made.graph.value(made.graph.outputs()[0]).shape, (Shape{1, 4}));
}

TEST(FrontEnd, KeepsTheBatchFree) {
  FrontEnd made = add_front_end(logits(), spec_of(8), true);
  made.graph.set_batch(5);
  EXPECT_EQ(made.graph.value(made.graph.outputs()[0]).shape, (Shape{5, 4}));
}

TEST(FrontEnd, RefusesWhatIsNoClassifier) {
  EXPECT_EQ(kind_of(logits(), spec_of(9)), ErrorKind::kInvalidArgument);
  PreprocessSpec gray = spec_of(8);
  gray.color = ColorOrder::kGray;
  EXPECT_EQ(kind_of(logits(), gray), ErrorKind::kInvalidArgument);
  const Graph sigmoid =
      model([](GraphBuilder& b, ValueId x) { return b.unary("end", b.flatten("flat", x), {Function::kSigmoid}); });
  EXPECT_EQ(kind_of(sigmoid, spec_of(8)), ErrorKind::kUnsupported);
  GraphBuilder map;
  EXPECT_EQ(kind_of(map.finish({map.conv("c", map.input("x", {1, 3, 8, 8}), 4, {})}), spec_of(8)),
            ErrorKind::kUnsupported);
  GraphBuilder two;
  const ValueId x = two.input("x", {1, 3, 8, 8});
  const ValueId flat = two.flatten("f", two.global_average_pool("p", x));
  EXPECT_EQ(kind_of(two.finish({flat, two.relu("r", flat)}), spec_of(8)), ErrorKind::kUnsupported);
}

}  // namespace
}  // namespace fovea
