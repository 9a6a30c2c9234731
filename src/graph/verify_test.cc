#include "graph/verify.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "graph/builder.h"
#include "testing/graph_random.h"

namespace fovea {
namespace {

Graph small() {
  GraphBuilder builder;
  const ValueId x = builder.input("x", {1, 2});
  const ValueId c = builder.constant("c", Tensor::zeros(DType::kF32, {2}));
  const ValueId a = builder.add("a", x, c);
  return builder.finish({builder.relu("b", a)});
}

/// What verify says after `damage`.
template <typename Damage>
std::string complaint(const Damage& damage) {
  Graph graph = small();
  verify(graph);
  damage(graph);
  try {
    verify(graph);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInternal);
    return error.message();
  }
  return "nothing";
}

TEST(Verify, AcceptsRandomNetworks) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) EXPECT_NO_THROW(verify(random_cnn(seed))) << seed;
}

TEST(Verify, NamesWhatIsBroken) {
  EXPECT_EQ(complaint([](Graph& g) { g.nodes()[1].name = "a"; }), "[verify] two nodes are named 'a'");
  EXPECT_EQ(complaint([](Graph& g) { g.value(0).name = "c"; }), "[verify] two values are named 'c'");
  EXPECT_EQ(complaint([](Graph& g) { g.value(0).name.clear(); }), "[verify] a value has no name");
  EXPECT_EQ(complaint([](Graph& g) { std::swap(g.nodes()[0], g.nodes()[1]); }),
            "[verify] node 'b' reads value a before it is made");
  EXPECT_EQ(complaint([](Graph& g) { g.nodes()[0].inputs[0] = 9; }),
            "[verify] node 'a' reads value 9 before it is made");
  EXPECT_EQ(complaint([](Graph& g) { g.nodes()[1].outputs = g.nodes()[0].outputs; }),
            "[verify] value 'a' is made twice, again by node 'b'");
  EXPECT_EQ(complaint([](Graph& g) { g.set_outputs({7}); }), "[verify] the output 7 is made by nobody");
  EXPECT_EQ(complaint([](Graph& g) {
              g.value(3).shape = {2, 1};
            }),
            "[verify] value 'b' is f32 2x1, node 'b' makes f32 1x2");
  EXPECT_EQ(complaint([](Graph& g) { g.value(3).dtype = DType::kS8; }),
            "[verify] value 'b' is s8 1x2, node 'b' makes f32 1x2");
  EXPECT_EQ(complaint([](Graph& g) {
              g.value(1).shape = {1, 2};
            }),
            "[verify] constant 'c' is f32 1x2, its contents are f32 2");
  EXPECT_EQ(complaint([](Graph& g) { g.nodes()[0].inputs.pop_back(); }),
            "[verify] node 'a': [binary] has 1 inputs, expected 2");
  EXPECT_EQ(complaint([](Graph& g) {
              g.value(3).dtype = DType::kS8;
              g.value(3).quant = Quantization{{1, 1}, {0}, 1};
            }),
            "[verify] value 'b' has 2 scales and 1 zero points, expected 2 of each");
  EXPECT_EQ(complaint([](Graph& g) {
              g.value(3).quant = Quantization{{1}, {0}, -1};
            }),
            "[verify] value 'b' is f32, which cannot be quantised");
}

TEST(Verify, AcceptsNarrowedTypes) {
  EXPECT_EQ(complaint([](Graph& g) { g.value(3).dtype = DType::kF16; }), "nothing");
  EXPECT_EQ(complaint([](Graph& g) {
              g.value(2).dtype = DType::kU8;
              g.value(2).quant = Quantization{{0.5F, 1}, {128, 0}, 1};
            }),
            "nothing");
}

}  // namespace
}  // namespace fovea
