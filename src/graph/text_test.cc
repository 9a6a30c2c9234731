#include "graph/text.h"

#include <gtest/gtest.h>

#include <bit>
#include <limits>

#include "base/error.h"
#include "graph/builder.h"
#include "graph/reference.h"
#include "graph/verify.h"
#include "testing/graph_random.h"

namespace fovea {
namespace {

void expect_same(const Graph& a, const Graph& b) {
  EXPECT_EQ(a.inputs(), b.inputs());
  EXPECT_EQ(a.outputs(), b.outputs());
  ASSERT_EQ(a.values().size(), b.values().size());
  for (std::size_t i = 0; i < a.values().size(); ++i) {
    const Value &u = a.values()[i], &v = b.values()[i];
    EXPECT_EQ(u.name, v.name);
    EXPECT_EQ(u.dtype, v.dtype) << u.name;
    EXPECT_EQ(u.shape.str(), v.shape.str()) << u.name;
    EXPECT_EQ(u.quant, v.quant) << u.name;
    EXPECT_TRUE(u.constant.same(v.constant)) << u.name;
    EXPECT_EQ(u.constant_hash, v.constant_hash) << u.name;
  }
  ASSERT_EQ(a.nodes().size(), b.nodes().size());
  for (std::size_t i = 0; i < a.nodes().size(); ++i) {
    EXPECT_EQ(a.nodes()[i].name, b.nodes()[i].name);
    EXPECT_TRUE(a.nodes()[i].op == b.nodes()[i].op) << a.nodes()[i].name;
    EXPECT_EQ(a.nodes()[i].inputs, b.nodes()[i].inputs);
    EXPECT_EQ(a.nodes()[i].outputs, b.nodes()[i].outputs);
  }
}

std::string message_of(std::string_view text) {
  try {
    parse_graph(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kCorruptFile);
    return error.message();
  }
  return "parsed";
}

TEST(GraphText, PrintsWhatPeopleRead) {
  GraphBuilder builder;
  const ValueId x = builder.input("x", {1, 1, 4, 4});
  const ValueId w = builder.constant("w", Tensor::of<float>({1, 1, 1, 2}, {0.5F, -1}));
  Conv2d conv;
  conv.pads = {1, 0, 1, 1};
  conv.act = {Function::kClip, 0, 6};
  const ValueId y = builder.node(conv, {x, w, kNoValue}, "conv 1");
  builder.graph().value(y).dtype = DType::kS8;
  builder.graph().value(y).quant = Quantization{{0.25F}, {-3}, -1};
  Graph graph = builder.finish({y});
  EXPECT_EQ(print(graph),
            "input x: f32 1x1x4x4\n"
            "const w: f32 1x1x1x2 {0.5, -1}\n"
            "\"conv 1\": s8 1x1x6x4 @0.25:-3 = conv2d(x, w, _) pads=1,0,1,1 act=clip:0:6\n"
            "return \"conv 1\"\n");
  expect_same(parse_graph(print(graph)), graph);
}

TEST(GraphText, RandomGraphsComeBackBitForBit) {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    Graph graph = random_cnn(seed);
    graph.compact();
    const std::string text = print(graph, {.inline_elements = 1 << 20});
    const Graph again = parse_graph(text);
    expect_same(again, graph);
    EXPECT_EQ(print(again, {.inline_elements = 1 << 20}), text);
  }
}

TEST(GraphText, ConstantsKnownByHashStayConstants) {
  Graph graph = random_cnn(3);
  graph.compact();
  const std::string text = print(graph, {.inline_elements = 0});
  const Graph again = parse_graph(text);
  EXPECT_EQ(print(again), text);
  for (std::size_t i = 0; i < graph.values().size(); ++i) {
    EXPECT_EQ(again.values()[i].is_constant(), graph.values()[i].is_constant());
    EXPECT_TRUE(again.values()[i].constant.empty());
  }
  const Tensor x = random_tensor(DType::kF32, graph.value(graph.inputs()[0]).shape, 1);
  EXPECT_THROW(run_reference(again, std::vector<Tensor>{x}), Error);
}

TEST(GraphText, SpecialNumbersOfEveryType) {
  Graph graph;
  const float nan = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity();
  const std::vector<ValueId> ids = {
      graph.add_constant("f32", Tensor::of<float>({7}, {nan, std::bit_cast<float>(0xffc00001U), inf, -inf, -0.0F,
                                                        1e-45F, std::numeric_limits<float>::max()})),
      graph.add_constant("f64", Tensor::of<double>({3}, {0.1, -5e-324, std::bit_cast<double>(0x7ff0000000000001ULL)})),
      graph.add_constant("f16", Tensor::of<F16>({4}, {{0x0001}, {0x7bff}, {0xfc00}, {0x7e01}})),
      graph.add_constant("f8", Tensor::of<F8>({3}, {{0x01}, {0x7e}, {0x7f}})),
      graph.add_constant("bf16", Tensor::of<BF16>({3}, {{0x0001}, {0x7f80}, {0x7fc0}})),
      graph.add_constant("s64", Tensor::of<std::int64_t>({}, {std::numeric_limits<std::int64_t>::min()})),
      graph.add_constant("u64", Tensor::of<std::uint64_t>({1}, {std::numeric_limits<std::uint64_t>::max()})),
      graph.add_constant("s8", Tensor::of<std::int8_t>({2}, {-128, 127})),
      graph.add_constant("none", Tensor::zeros(DType::kS32, {0, 3})),
  };
  Tensor flags = Tensor::zeros(DType::kBool, {3});
  flags.data<bool>()[1] = true;
  graph.add_constant("bool", flags);
  graph.set_outputs(ids);
  expect_same(parse_graph(print(graph)), graph);
  EXPECT_NE(print(graph).find("const f32: f32 7 {nan, 0xffc00001, inf, -inf, -0, 1e-45, 3.4028235e+38}"),
            std::string::npos);
}

TEST(GraphText, NamesWithAnyCharacters) {
  Graph graph;
  std::vector<ValueId> ids;
  const std::vector<std::string> names = {"input",
                                          "const",
                                          "return",
                                          "_",
                                          "a b",
                                          "a:0",
                                          "say \"hi\"",
                                          "back\\slash",
                                          "new\nline\t",
                                          "ünï",
                                          "#",
                                          "x,y=(z)",
                                          std::string("nul\0byte", 8),
                                          "1"};
  for (const std::string& name : names) ids.push_back(graph.add_input(name, DType::kF32, {1, 2}));
  const ValueId sum = graph.add_node(Binary{}, {ids[0], ids[3]}, "na\"me = x");
  graph.set_outputs({sum, ids[3]});
  expect_same(parse_graph(print(graph)), graph);
}

TEST(GraphText, QuantisationPerAxisAndSeveralOutputs) {
  Graph graph;
  const ValueId x = graph.add_input("x", DType::kF32, {2, 6});
  const ValueId w = graph.add_constant("w", Tensor::of<std::int8_t>({2, 6}, std::vector<std::int8_t>(12, 3)));
  Quantization& quant = graph.value(w).quant.emplace();
  quant = {std::vector<float>(6, 0.1F), {0, 1, 0, 0, -2, 0}, 1};
  const ValueId y = graph.add_node(Binary{BinaryKind::kMul, {}}, {x, w}, "y");
  graph.value(y).dtype = DType::kBF16;
  const ValueId first = graph.add_node(Split{1, {2, 4}}, {y}, "parts", {"left", "right"});
  graph.set_outputs({first + 1, first});
  graph.compact();
  expect_same(parse_graph(print(graph)), graph);
  EXPECT_NE(print(graph).find("@axis1[0.1,0.1:1,0.1,0.1,0.1:-2,0.1]"), std::string::npos);
}

/// Every op with every attribute away from its default.
TEST(GraphText, AttributesOfEveryOp) {
  const std::vector<Op> ops = {
      Conv2d{{2, 3}, {1, 2, 3, 4}, {2, 1}, 4, {Function::kLeakyRelu, 0.1F}, true},
      Gemm{true, true, 0.5F, -0.0F, {Function::kHardSigmoid, 0.2F, 0.5F}},
      MatMul{},
      BatchNorm{1e-3F, 0.99F},
      Unary{{Function::kClip, -1, 0}},
      Unary{{Function::kClip, -std::numeric_limits<float>::infinity(), std::numeric_limits<float>::max()}},
      Unary{{Function::kRelu, 3, 4}},
      PRelu{},
      Binary{BinaryKind::kPow, {Function::kRelu}},
      Pool{PoolKind::kAverage, {3, 2}, {2, 1}, {1, 0, 1, 0}, {2, 2}, true, true},
      GlobalPool{PoolKind::kMax},
      Concat{0},
      Split{2, {1, 2, 3}},
      Slice{{0, 2}, {-1, 0}, {std::numeric_limits<std::int64_t>::min(), 9}, {-1, 2}},
      Reshape{{0, -1}},
      Flatten{3},
      Squeeze{{0, 3}},
      Unsqueeze{{1}},
      Transpose{{0, 2, 3, 1}},
      Reduce{ReduceKind::kMax, {1}, false},
      Softmax{3, true},
      Pad{{0, -1}, {2, 0}, PadMode::kWrap, 1.5F},
      Identity{},
      Dropout{0.25F},
      Cast{DType::kS64},
      Quantize{DType::kU8, 0},
      Dequantize{0},
      Lrn{3, 2e-4F, 0.5F, 2},
      PixelsToTensor{1, {103.939F, 116.779F, 123.68F}, {1, 2, 3}},
      LayerNorm{{1, 2}, 1e-6F},
      ChannelShuffle{4},
      ArgMax{1, false, true},
      Region{1000, 300774272, {}},
      Resize{ResizeKind::kCubic,
             ResizePlace::kCrop,
             ResizeRounding::kCeil,
             {1, 0.5F},
             {0, 4},
             -0.5F,
             true,
             true,
             {0, 0, 1, 0.5F},
             7}};
  std::vector<bool> seen(std::variant_size_v<Op>, false);
  for (const Op& op : ops) {
    EXPECT_TRUE(parse_op(name(op), print_attributes(op)) == op) << name(op) << ' ' << print_attributes(op);
    seen[op.index()] = true;
  }
  for (std::size_t i = 0; i < seen.size(); ++i) EXPECT_TRUE(seen[i]) << "op " << i << " has no example here";
  EXPECT_EQ(print_attributes(Conv2d{}), "");
  EXPECT_EQ(print_attributes(ops[4]), "fn=clip:-1:0");
}

TEST(GraphText, SaysWhatIsWrongAndWhere) {
  const std::string head = "input x: f32 1x2\n";
  EXPECT_EQ(message_of(""), "[graph text] line 0: the text ends without return");
  EXPECT_EQ(message_of(head + "return y\n"), "[graph text] line 2: 'y' is used before it is defined");
  EXPECT_EQ(message_of(head + "\ninput x: f32 1\nreturn x"), "[graph text] line 3: 'x' is defined twice");
  EXPECT_EQ(message_of("input x: f33 1\n"), "[graph text] line 1: unknown type 'f33'");
  EXPECT_EQ(message_of("input x: f32 1x-2\n"), "[graph text] line 1: shape 1x-2 has a negative dimension");
  EXPECT_EQ(message_of("input x: f32 1099511627776x2\n"),
            "[graph text] line 1: shape 1099511627776x2 has too many elements (limit 2^40)");
  EXPECT_EQ(message_of("input x: f32 99999999999999999999\n"),
            "[graph text] line 1: '99999999999999999999' is no dimension");
  EXPECT_EQ(message_of("const w: f32 1000000000x1000 {1}\n"), "[graph text] line 1: fewer than 1000000000000 elements");
  EXPECT_EQ(message_of("const w: s8 2 {1, 128}\n"), "[graph text] line 1: '128' is no s8");
  EXPECT_EQ(message_of("const w: s8 2 {1, 2, 3}\n"), "[graph text] line 1: more than 2 elements");
  EXPECT_EQ(message_of(head + "y: f32 1x2 = tanh(x)\n"), "[graph text] line 2: unknown op 'tanh'");
  EXPECT_EQ(message_of(head + "y: f32 1x2 = unary(x) fn=relu fn=tanh\n"),
            "[graph text] line 2: attribute fn is given twice");
  EXPECT_EQ(message_of(head + "y: f32 1x2 = unary(x) fn=relux\n"),
            "[graph text] line 2: attribute fn=relux is not valid");
  EXPECT_EQ(message_of(head + "y: f32 1x2 = unary(x) func=relu\n"),
            "[graph text] line 2: unary has no attribute 'func'");
  EXPECT_EQ(message_of(head + "y: f32 2x1 = unary(x)\n"),
            "[graph text] line 2: 'y' is declared f32 2x1, the op makes f32 1x2");
  EXPECT_EQ(message_of(head + "y: s8 1x2 = unary(x)\n"),
            "[graph text] line 2: 'y' is declared s8 1x2, the op makes f32 1x2");
  EXPECT_EQ(message_of(head + "y: f32 1x2 = softmax(x) axis=2\nreturn y"),
            "[graph text] line 2: [softmax] axis 2 is outside an input of rank 2 (node 'y')");
  EXPECT_EQ(message_of(head + "y: s8 1x2 @0 = unary(x)\nreturn y"),
            "[graph text] line 3: [verify] value 'y' has the scale 0");
  EXPECT_EQ(message_of(head + "return x\nreturn x"), "[graph text] line 3: more follows after return");
  EXPECT_EQ(message_of("input \"x: f32 1\n"), "[graph text] line 1: a name has no closing quote");
}

/// Damaged text: whatever happens, it is an Error of the right kind or a graph that verifies.
TEST(GraphText, DamagedTextIsRefusedOrValid) {
  const std::string text = print(random_cnn(5), {.inline_elements = 4});
  int refused = 0;
  for (std::size_t at = 0; at < text.size(); at += 3) {
    for (const char c : {'\n', '"', '9', '-', ' ', 'x'}) {
      std::string damaged = text;
      damaged[at] = c;
      try {
        verify(parse_graph(damaged));
      } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::kCorruptFile) << error.message();
        ++refused;
      }
    }
    if (at + 1 < text.size()) {
      EXPECT_NE(message_of(text.substr(0, at)), "parsed");
    }
  }
  EXPECT_GT(refused, 1000);
}

}  // namespace
}  // namespace fovea
