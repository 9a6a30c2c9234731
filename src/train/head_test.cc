#include "train/head.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "graph/builder.h"
#include "graph/reference.h"
#include "graph/verify.h"
#include "train/zoo/initialize.h"

namespace fovea::train {
namespace {

Tensor photo(const Graph& graph) { return normal_tensor(graph.value(graph.inputs()[0]).shape, 1, 7, "photo"); }

Tensor logits(const Graph& graph) {
  const Tensor input = photo(graph);
  return run_reference(graph, std::span(&input, 1))[0];
}

ValueId features(GraphBuilder& net) {
  ValueId x = net.input("x", {1, 3, 8, 8});
  return net.relu("relu", net.conv("conv", x, 6, {.kernel = 3}));
}

void expect_new_head(const Graph& base, int classes) {
  Graph made = replace_head(base, classes, 3);
  verify(made);
  const Shape& shape = made.value(made.outputs()[0]).shape;
  EXPECT_EQ(shape.elements(), classes);
  for (const Node& node : made.nodes()) EXPECT_FALSE(std::holds_alternative<Softmax>(node.op)) << node.name;
  EXPECT_EQ(logits(made).elements(), classes);
  EXPECT_TRUE(logits(made).same(logits(replace_head(base, classes, 3))));
  EXPECT_FALSE(logits(made).same(logits(replace_head(base, classes, 4))));
}

TEST(ReplaceHead, GemmBeforeSoftmax) {
  GraphBuilder net;
  const ValueId x = net.flatten("flat", net.global_average_pool("pool", features(net)));
  Graph base = net.finish({net.node(Softmax{}, {net.linear("fc", x, 10)}, "softmax")});
  initialize(base, 1);
  expect_new_head(base, 4);
}

TEST(ReplaceHead, KeepsTheOtherWeights) {
  GraphBuilder net;
  const ValueId x = net.flatten("flat", net.global_average_pool("pool", features(net)));
  Graph base = net.finish({net.linear("fc", x, 10)});
  initialize(base, 1);
  const Graph made = replace_head(base, 4, 3);
  const auto filter = [](const Graph& g) { return g.value(g.find_node("conv")->inputs[1]).constant; };
  EXPECT_TRUE(filter(base).same(filter(made)));
}

TEST(ReplaceHead, MatMulAndAddBecomeATrainableGemm) {
  GraphBuilder net;
  const ValueId x = net.flatten("flat", net.global_average_pool("pool", features(net)));
  const ValueId w = net.constant("w", normal_tensor({6, 10}, 1, 1, "w"));
  const ValueId b = net.constant("b", normal_tensor({10}, 1, 1, "b"));
  const Graph base = net.finish({net.add("add", net.node(MatMul{}, {x, w}, "matmul"), b)});
  EXPECT_TRUE(base.nodes().size() > 4);
  Graph with_conv = base;
  initialize(with_conv, 1);
  expect_new_head(with_conv, 3);
  const Graph made = replace_head(with_conv, 3, 1);
  EXPECT_NE(trainable_inputs(made.nodes()[find_head(made)].op), 0U);
}

TEST(ReplaceHead, ClassifierConvolutionBeforeThePool) {
  GraphBuilder net;
  ValueId x = net.relu("relu2", net.conv("classifier", features(net), 10, {.kernel = 1, .bias = true}));
  x = net.node(Reshape{{1, 10}}, {net.global_average_pool("pool", x)}, "reshape");
  Graph base = net.finish({net.node(Softmax{}, {x}, "softmax")});
  initialize(base, 1);
  expect_new_head(base, 5);
}

TEST(ReplaceHead, NamesWhatTheGraphEndsIn) {
  GraphBuilder net;
  const ValueId x = features(net);
  const Graph base = net.finish({net.node(Concat{}, {x, x}, "twice")});
  try {
    replace_head(base, 3, 1);
    FAIL() << "expected an error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUnsupported);
    EXPECT_THAT(error.message(), testing::HasSubstr("\"twice\""));
  }
}

TEST(ReplaceHead, RefusesOneClass) {
  GraphBuilder net;
  const Graph base = net.finish({net.linear("fc", net.flatten("flat", features(net)), 10)});
  EXPECT_THROW(replace_head(base, 1, 1), Error);
}

}  // namespace
}  // namespace fovea::train
