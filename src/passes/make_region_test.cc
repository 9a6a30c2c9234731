#include "passes/make_region.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "graph/reference.h"
#include "graph/text.h"
#include "testing/op_check.h"

namespace fovea {
namespace {

using testing::ElementsAre;

constexpr std::string_view kFront = R"(
input pixels: u8 2x9x8x3
const w: f32 4x3x3x3 #0123456789abcdef0123456789abcdef
tensor: f16 2x3x9x8 = pixels_to_tensor(pixels)
conv: f16 2x4x5x4 = conv2d(tensor, w) strides=2,2 pads=1,1,1,1 act=relu
pool: f16 2x4x3x2 = pool(conv) kernel=3,3 strides=2,2 pads=1,1,1,1
flat: f16 2x24 = flatten(pool)
return flat
)";

Graph with_weights(std::string_view text) {
  Graph graph = parse_graph(text);
  for (std::size_t id = 0; id < graph.values().size(); ++id) {
    Value& value = graph.value(static_cast<ValueId>(id));
    if (!value.is_constant()) continue;
    value.constant = counting(value.shape, -0.3F, 0.01F);
    value.constant_hash.clear();
  }
  return graph;
}

Tensor some_pixels(const Shape& shape) {
  Tensor made(DType::kU8, shape);
  for (std::size_t i = 0; i < made.data<std::uint8_t>().size(); ++i)
    made.data<std::uint8_t>()[i] = static_cast<std::uint8_t>(i * 37 % 256);
  return made;
}

bool same_results(const Graph& a, const Graph& b, const std::vector<Tensor>& inputs) {
  return std::ranges::equal(run_reference(a, inputs)[0].bytes(), run_reference(b, inputs)[0].bytes());
}

TEST(MakeRegion, FrontsComputeWhatTheirNodesDid) {
  Graph graph = with_weights(kFront);
  const Graph before = graph;
  const auto found = region_candidates(graph);
  ASSERT_THAT(found, ElementsAre(ElementsAre("tensor", "conv", "pool")));
  make_region(graph, found[0]);
  ASSERT_EQ(graph.nodes().size(), 2U);
  EXPECT_EQ(graph.nodes()[0].name, "tensor+conv+pool");
  EXPECT_EQ(display_name(graph.nodes()[0].op), "pixels_to_tensor > conv2d+relu > max_pool");
  EXPECT_EQ(macs(graph), macs(before));
  const std::vector<Tensor> inputs = {some_pixels({2, 9, 8, 3})};
  EXPECT_TRUE(same_results(graph, before, inputs));
  EXPECT_TRUE(region_candidates(graph).empty());
}

TEST(MakeRegion, RegionsGoThroughTextAndOtherBatches) {
  Graph graph = with_weights(kFront);
  make_region(graph, region_candidates(graph)[0]);
  EXPECT_EQ(print(parse_graph(print(graph))), print(graph));
  Graph one = graph, before = with_weights(kFront);
  one.set_batch(1);
  before.set_batch(1);
  const std::vector<Tensor> inputs = {some_pixels({1, 9, 8, 3})};
  EXPECT_TRUE(same_results(one, before, inputs));
}

TEST(MakeRegion, EndsWhereOthersReadOn) {
  std::string text(kFront);
  text.replace(text.find("return flat"), 11, "return flat, conv");
  EXPECT_THAT(region_candidates(with_weights(text)), ElementsAre(ElementsAre("tensor", "conv")));
}

TEST(MakeRegion, FindsBottlenecks) {
  constexpr std::string_view kText = R"(
input x: f32 1x4x3x3
const a: f32 2x4x1x1 #0123456789abcdef0123456789abcdef
const b: f32 2x2x3x3 #0123456789abcdef0123456789abcdef
const c: f32 4x2x1x1 #0123456789abcdef0123456789abcdef
const p: f32 4x4x1x1 #0123456789abcdef0123456789abcdef
a1: f32 1x2x3x3 = conv2d(x, a) act=relu
b1: f32 1x2x3x3 = conv2d(a1, b) pads=1,1,1,1 act=relu
c1: s8 1x4x3x3 @0.05 = conv2d(b1, c)
y1: f32 1x4x3x3 = conv2d(x, p, _, c1) act=relu residual=1
a2: f32 1x2x3x3 = conv2d(y1, a) act=relu
b2: f32 1x2x3x3 = conv2d(a2, b) pads=1,1,1,1 act=relu
y2: f32 1x4x3x3 = conv2d(b2, c, _, y1) act=relu residual=1
return y2
)";
  Graph graph = with_weights(kText);
  const Graph before = graph;
  const auto found = region_candidates(graph);
  ASSERT_THAT(found, ElementsAre(ElementsAre("a1", "b1", "c1", "y1"), ElementsAre("a2", "b2", "y2")));
  for (const auto& names : found) make_region(graph, names);
  EXPECT_EQ(graph.nodes().size(), 2U);
  const std::vector<Tensor> inputs = {counting({1, 4, 3, 3}, -1, 0.07F)};
  EXPECT_TRUE(same_results(graph, before, inputs));
}

TEST(Region, BodiesThatAreNoneAreRefused) {
  const auto rule = [](const std::string& body) {
    Region op;
    op.body.text = body;
    return shape_rule(op, {{1, 2}});
  };
  EXPECT_EQ(rule("input x: f32 3x2\ny: f32 3x2 = unary(x) fn=relu\nreturn y\n"), "1x2");
  EXPECT_THAT(rule("input x: f32 1x3\ny: f32 1x3 = unary(x) fn=relu\nreturn y\n"),
              testing::HasSubstr("its body wants"));
  EXPECT_THAT(rule("input x: f32 1x2\ny: f32 1x1 = region(x)\nreturn y\n"), testing::HasSubstr("inside a region"));
  Region op;
  op.body.text = "nonsense";
  const std::vector<OperandType> inputs = {{{DType::kF32, {1, 2}}, nullptr, true}};
  EXPECT_THROW(output_types(op, inputs), Error);
}

}  // namespace
}  // namespace fovea
