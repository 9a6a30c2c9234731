#include "graph/graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "graph/builder.h"
#include "graph/reference.h"
#include "graph/text.h"
#include "graph/verify.h"
#include "testing/graph_random.h"

namespace fovea {
namespace {

using ::testing::ElementsAre;

template <typename Work>
std::string error_of(const Work& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.message();
  }
  return "no error";
}

TEST(Graph, NamesAreMadeUnique) {
  Graph graph;
  const ValueId x = graph.add_input("x", DType::kF32, {1});
  const ValueId a = graph.add_node(Identity{}, {x}, "x");
  const ValueId b = graph.add_node(Identity{}, {a}, "x", {"x"});
  const ValueId c = graph.add_node(Identity{}, {b}, "");
  EXPECT_EQ(graph.value(a).name, "x_1");
  EXPECT_EQ(graph.value(b).name, "x_2");
  EXPECT_EQ(graph.value(c).name, "identity");
  EXPECT_EQ(graph.nodes()[0].name, "x");
  EXPECT_EQ(graph.nodes()[1].name, "x_1");
  EXPECT_EQ(graph.find_value("x_2"), b);
  EXPECT_EQ(graph.find_value("y"), kNoValue);
  EXPECT_EQ(graph.find_node("x_1"), &graph.nodes()[1]);
  EXPECT_EQ(graph.find_node("y"), nullptr);
  EXPECT_EQ(graph.unique_value_name("x"), "x_3");
  EXPECT_EQ(graph.unique_node_name("z"), "z");
  graph.rename_value(c, "x");
  EXPECT_EQ(graph.value(c).name, "x_3");
  graph.nodes().pop_back();
  EXPECT_EQ(graph.unique_node_name("identity"), "identity");
}

TEST(Graph, ThousandsOfEqualNames) {
  Graph graph;
  ValueId x = graph.add_input("relu", DType::kF32, {1});
  for (int i = 0; i < 20000; ++i) x = graph.add_node(Unary{{Function::kRelu}}, {x}, "relu");
  EXPECT_EQ(graph.value(x).name, "relu_20000");
  EXPECT_EQ(graph.nodes().back().name, "relu_19999");
}

TEST(Graph, InsertReplaceAndCompact) {
  Graph graph;
  const ValueId x = graph.add_input("x", DType::kF32, {2});
  const ValueId a = graph.add_node(Unary{{Function::kAbs}}, {x}, "a");
  const ValueId unused = graph.add_node(Unary{{Function::kExp}}, {a}, "unused");
  graph.add_constant("left", Tensor::zeros(DType::kF32, {2}));
  const ValueId b = graph.add_node(Unary{{Function::kNeg}}, {a}, "b");
  graph.set_outputs({b});
  const ValueId c = graph.insert_node(1, Unary{{Function::kSqrt}}, {a}, "c");
  EXPECT_EQ(graph.nodes()[1].name, "c");
  graph.replace_uses(a, c);  // also c's own input: broken until repaired
  graph.nodes()[1].inputs = {a};
  EXPECT_EQ(graph.nodes()[3].inputs[0], c);
  EXPECT_NE(unused, kNoValue);
  EXPECT_TRUE(graph.compact());
  verify(graph);
  EXPECT_EQ(print(graph),
            "input x: f32 2\n"
            "a: f32 2 = unary(x) fn=abs\n"
            "c: f32 2 = unary(a) fn=sqrt\n"
            "b: f32 2 = unary(c) fn=neg\n"
            "return b\n");
  EXPECT_FALSE(graph.compact());
}

TEST(Graph, CompactSortsTopologically) {
  Graph graph;
  const ValueId x = graph.add_input("x", DType::kF32, {2});
  const ValueId a = graph.add_node(Unary{{Function::kAbs}}, {x}, "a");
  const ValueId b = graph.add_node(Unary{{Function::kNeg}}, {a}, "b");
  graph.set_outputs({b});
  std::swap(graph.nodes()[0], graph.nodes()[1]);
  EXPECT_THROW(verify(graph), Error);
  EXPECT_TRUE(graph.compact());
  verify(graph);
  EXPECT_EQ(graph.nodes()[0].name, "a");
  graph.nodes()[0].inputs = {graph.outputs()[0]};
  EXPECT_EQ(error_of([&] { graph.compact(); }), "[graph] the nodes form a cycle");
}

TEST(Graph, CompactKeepsWhatTheNetworkComputes) {
  for (std::uint64_t seed = 0; seed < 15; ++seed) {
    const Graph graph = random_cnn(seed);
    Graph compacted = graph;
    compacted.compact();
    verify(compacted);
    const Tensor x = random_tensor(DType::kF32, graph.value(graph.inputs()[0]).shape, seed);
    const std::vector<Tensor> inputs = {x};
    EXPECT_TRUE(run_reference(graph, inputs)[0].same(run_reference(compacted, inputs)[0]));
  }
}

TEST(Graph, SetBatchKeepsEachImage) {
  for (std::uint64_t seed = 0; seed < 15; ++seed) {
    Graph graph = random_cnn(seed);
    graph.set_batch(3);
    verify(graph);
    const Tensor x = random_tensor(DType::kF32, graph.value(graph.inputs()[0]).shape, seed);
    const Tensor y = run_reference(graph, std::vector<Tensor>{x})[0];
    graph.set_batch(1);
    for (std::int64_t i = 0; i < 3; ++i) {
      const Slice image{{0}, {i}, {i + 1}, {}};
      const std::vector<Tensor> one = compute_reference(image, std::vector<Tensor>{x});
      EXPECT_TRUE(run_reference(graph, one)[0].same(compute_reference(image, std::vector<Tensor>{y})[0]));
    }
  }
}

TEST(Graph, SetBatchRefusesABatchThatIsBuiltIn) {
  Graph graph;
  const ValueId x = graph.add_input("x", DType::kF32, {1, 4, 2, 2});
  graph.set_outputs({graph.add_node(Reshape{{1, -1}}, {x}, "flat")});
  EXPECT_EQ(error_of([&] { graph.set_batch(8); }),
            "[reshape] has the batch built in: gives 1x128 at batch 8 (node 'flat')");
  EXPECT_EQ(graph.batch(), 1);
  graph.nodes()[0].op = Reshape{{1, 16}};
  EXPECT_EQ(error_of([&] { graph.set_batch(2); }), "[reshape] 2x4x2x2 has 32 elements, 1x16 has 16 (node 'flat')");
  graph.nodes()[0].op = Reshape{{0, -1}};
  graph.set_batch(8);
  EXPECT_EQ(graph.value(graph.outputs()[0]).shape.str(), "8x16");
}

TEST(Graph, InferTypesKeepsNarrowedTypes) {
  Graph graph;
  const ValueId x = graph.add_input("x", DType::kF32, {1, 4});
  const ValueId a = graph.add_node(Unary{{Function::kRelu}}, {x}, "a");
  const ValueId b = graph.add_node(Unary{{Function::kRelu}}, {a}, "b");
  const ValueId c = graph.add_node(Cast{DType::kS64}, {b}, "c");
  graph.value(a).dtype = DType::kS8;
  graph.value(a).quant = Quantization{{0.5F}, {0}, -1};
  graph.value(b).dtype = DType::kBF16;
  graph.value(c).dtype = DType::kF32;  // no way to store integers: set right again
  graph.set_outputs({c});
  graph.set_batch(2);
  EXPECT_EQ(graph.value(a).dtype, DType::kS8);
  EXPECT_EQ(graph.value(b).dtype, DType::kBF16);
  EXPECT_EQ(graph.value(c).dtype, DType::kS64);
  EXPECT_EQ(graph.value(c).shape.str(), "2x4");
  verify(graph);
}

TEST(Graph, ErrorsNameOpAndNode) {
  GraphBuilder builder;
  const ValueId x = builder.input("x", {1, 32, 8, 8});
  const ValueId w = builder.constant("w", Tensor::zeros(DType::kF32, {16, 64, 3, 3}));
  EXPECT_EQ(error_of([&] {
              builder.node(Conv2d{}, {x, w}, "conv1");
            }),
            "[conv2d] weight has 64 input channels, input has 32 (node 'conv1')");
  EXPECT_EQ(error_of([&] {
              builder.node(Conv2d{}, {x, 77}, "conv1");
            }),
            "[conv2d] input 1 is value 77, which does not exist (node 'conv1')");
  EXPECT_TRUE(builder.graph().nodes().empty());
}

TEST(Graph, CountsWork) {
  GraphBuilder builder;
  ValueId x = builder.input("x", {2, 8, 10, 10});
  x = builder.conv("conv", x, 16, {.kernel = 3, .stride = 2, .groups = 4, .bias = true});
  x = builder.flatten("flat", builder.global_average_pool("pool", builder.relu("relu", x)));
  x = builder.linear("fc", x, 5);
  const Graph graph = builder.finish({x});
  verify(graph);
  EXPECT_EQ(macs(graph, graph.nodes()[0]), 2 * 16 * 5 * 5 * 2 * 3 * 3);
  EXPECT_EQ(macs(graph, graph.nodes()[1]), 0);
  EXPECT_EQ(macs(graph), 2 * 16 * 5 * 5 * 2 * 3 * 3 + 2 * 16 * 5);
  EXPECT_EQ(parameter_count(graph), 16 * 2 * 9 + 16 + 5 * 16 + 5);
}

TEST(GraphIndex, KnowsMakersAndReaders) {
  Graph graph;
  const ValueId x = graph.add_input("x", DType::kF32, {2});
  const ValueId a = graph.add_node(Binary{}, {x, x}, "a");
  const ValueId b = graph.add_node(Binary{}, {a, x}, "b");
  graph.set_outputs({b, a});
  const GraphIndex index(graph);
  EXPECT_EQ(index.producer(x), -1);
  EXPECT_EQ(index.producer(b), 1);
  EXPECT_THAT(index.consumers(x), ElementsAre(0, 1));
  EXPECT_EQ(index.use_count(x), 3);
  EXPECT_EQ(index.use_count(a), 2);
  EXPECT_EQ(index.use_count(b), 1);
}

TEST(Op, NamesForPeople) {
  Conv2d conv;
  conv.residual = true;
  conv.act = {Function::kRelu};
  EXPECT_EQ(display_name(conv), "conv2d+add+relu");
  EXPECT_EQ(display_name(Unary{{Function::kHardSwish}}), "hard_swish");
  EXPECT_EQ(display_name(Pool{}), "max_pool");
  EXPECT_EQ(display_name(GlobalPool{}), "global_average_pool");
  EXPECT_EQ(display_name(Binary{BinaryKind::kAdd, {Function::kRelu}}), "add+relu");
  EXPECT_EQ(display_name(Softmax{1, true}), "log_softmax");
  EXPECT_EQ(display_name(Reduce{}), "reduce_mean");
  EXPECT_EQ(name(Op(Unary{})), "unary");
}

TEST(Op, EpilogueAndTrainableInputs) {
  Op conv = Conv2d{}, pool = Pool{};
  ASSERT_NE(epilogue(conv), nullptr);
  epilogue(conv)->function = Function::kRelu;
  EXPECT_EQ(std::get<Conv2d>(conv).act.function, Function::kRelu);
  EXPECT_EQ(epilogue(pool), nullptr);
  EXPECT_NE(epilogue(std::as_const(conv)), nullptr);
  EXPECT_EQ(trainable_inputs(conv), 0b110U);
  EXPECT_EQ(trainable_inputs(PRelu{}), 0b10U);
  EXPECT_EQ(trainable_inputs(pool), 0U);
}

}  // namespace
}  // namespace fovea
