#include "graph/reference.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>

#include "base/error.h"
#include "graph/builder.h"
#include "testing/graph_random.h"
#include "testing/op_check.h"

namespace fovea {
namespace {

Value stored_as(DType dtype, std::optional<Quantization> quant = std::nullopt) {
  Value value;
  value.dtype = dtype;
  value.quant = std::move(quant);
  return value;
}

Tensor bytes(Shape shape, const std::vector<std::int8_t>& values) {
  return Tensor::of<std::int8_t>(std::move(shape), values);
}

TEST(Reference, RealNumbersAreRoundedOnceAndSaturated) {
  const float nan = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity();
  const Value type = stored_as(DType::kS8, Quantization{{0.5F}, {3}, -1});
  const Tensor stored = from_real(type, floats({7}, {0.25F, 0.75F, -1.25F, 100, -100, nan, inf}));
  EXPECT_TRUE(stored.same(bytes({7}, {3, 5, 1, 127, -128, 0, 127})));
  expect_close(to_real(type, stored), floats({7}, {0, 1, -1, 62, -65.5F, -1.5F, 62}), 0, 0);
  const Value wide = stored_as(DType::kS32, Quantization{{1e-3F}, {0}, -1});
  EXPECT_EQ(from_real(wide, floats({2}, {1e9F, -2})).data<std::int32_t>()[0], std::numeric_limits<std::int32_t>::max());
  EXPECT_EQ(from_real(wide, floats({2}, {1e9F, -2})).data<std::int32_t>()[1], -2000);
}

TEST(Reference, QuantisationPerAxis) {
  const Value type = stored_as(DType::kU8, Quantization{{1, 0.1F}, {0, 10}, 1});
  const Tensor stored = from_real(type, floats({2, 2, 1}, {3, 3, 300, -1}));
  EXPECT_TRUE(stored.same(Tensor::of<std::uint8_t>({2, 2, 1}, {3, 40, 255, 0})));
  expect_close(to_real(type, stored), floats({2, 2, 1}, {3, 3, 255, -1}), 1e-6);
  EXPECT_THROW(to_real(type, Tensor::of<std::uint8_t>({1, 3}, {1, 2, 3})), Error);
}

TEST(Reference, Float8HasAScaleAndRoundsOnce) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Value type = stored_as(DType::kF8, Quantization{{0.5F}, {0}, -1});
  const Tensor stored = from_real(type, floats({6}, {1, 0.53125F, 0.59375F, 1000, -1000, nan}));  // 2, 1.0625, 1.1875
  const Tensor real = to_real(type, stored);
  EXPECT_TRUE(std::isnan(real.data<float>()[5]));
  const std::array<float, 5> expected = {1, 0.5F, 0.625F, 224, -224};
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_EQ(real.data<float>()[i], expected[i]) << i;
  const Value axis = stored_as(DType::kF8, Quantization{{1, 2}, {0, 0}, 0});
  expect_close(to_real(axis, from_real(axis, floats({2, 1}, {3, 3}))), floats({2, 1}, {3, 3}), 0, 0);
}

TEST(Reference, PlainIntegersAndShortFloats) {
  const Tensor integers = longs({2}, {7, -7});
  EXPECT_TRUE(to_real(stored_as(DType::kS64), integers).same(integers));
  EXPECT_TRUE(from_real(stored_as(DType::kS64), integers).same(integers));
  const Value brain = stored_as(DType::kBF16);
  const Tensor stored = from_real(brain, floats({2}, {1.00390625F, 3.14159F}));  // 1 + 2^-8: half-way, to even
  EXPECT_EQ(stored.data<BF16>()[0].bits, 0x3f80);
  expect_close(to_real(brain, stored), floats({2}, {1, 3.140625F}), 0, 0);
}

TEST(Reference, QuantisedConvolutionRoundsOnce) {
  GraphBuilder builder;
  const ValueId x = builder.input("x", {1, 1, 1, 3}, DType::kS8);
  builder.graph().value(x).quant = Quantization{{0.5F}, {0}, -1};
  const ValueId w = builder.constant("w", bytes({2, 1, 1, 2}, {1, 2, -3, 4}));
  builder.graph().value(w).quant = Quantization{{0.1F, 0.2F}, {0, 0}, 0};
  const ValueId b = builder.constant("b", Tensor::of<std::int32_t>({2}, {10, -10}));
  builder.graph().value(b).quant = Quantization{{0.05F, 0.1F}, {0, 0}, 0};
  Conv2d op;
  op.act = {Function::kRelu};
  const ValueId y = builder.node(op, {x, w, b}, "y");
  EXPECT_EQ(builder.graph().value(y).dtype, DType::kF32);
  builder.graph().value(y).dtype = DType::kU8;
  builder.graph().value(y).quant = Quantization{{0.25F}, {5}, -1};
  const Graph graph = builder.finish({y});
  // real x = 2, −1, 4; filter 0: 0.1·x0 + 0.2·x1 + 0.5 = 0.5, 1.2; filter 1: −0.6·x0 + 0.8·x1 − 1 = −3, 2.8
  const Tensor out = run_reference(graph, std::vector<Tensor>{bytes({1, 1, 1, 3}, {4, -2, 8})})[0];
  EXPECT_TRUE(out.same(Tensor::of<std::uint8_t>({1, 2, 1, 2}, {7, 10, 5, 16})));
}

TEST(Reference, QuantizeAndDequantizeWorkOnIntegers) {
  GraphBuilder builder;
  const ValueId x = builder.input("x", {4});
  const ValueId scale = builder.constant("scale", Tensor::scalar(0.5F));
  const ValueId zero = builder.constant("zero", Tensor::of<std::int8_t>({}, {-3}));
  const ValueId q = builder.node(Quantize{}, {x, scale, zero}, "q");
  // A pass may already have said what the integers stand for: nothing is rounded twice.
  builder.graph().value(q).quant = Quantization{{0.5F}, {-3}, -1};
  const ValueId y = builder.node(Dequantize{}, {q, scale, zero}, "y");
  const Graph graph = builder.finish({q, y});
  const std::vector<Tensor> out = run_reference(graph, std::vector<Tensor>{floats({4}, {0.2F, 0.3F, -100, 100})});
  EXPECT_TRUE(out[0].same(bytes({4}, {-3, -2, -128, 127})));
  expect_close(out[1], floats({4}, {0, 0.5F, -62.5F, 65}), 0, 0);
}

TEST(Reference, DoublesStayDoubles) {
  Graph graph;
  const ValueId x = graph.add_input("x", DType::kF64, {2});
  graph.set_outputs({graph.add_node(Binary{}, {x, x}, "y")});
  const Tensor y = run_reference(graph, std::vector<Tensor>{Tensor::of<double>({2}, {1.5, -2})})[0];
  EXPECT_TRUE(y.same(Tensor::of<double>({2}, {3, -4})));
}

TEST(Reference, ObservesEveryValueAsItIsMade) {
  GraphBuilder builder;
  const ValueId x = builder.input("x", {2});
  const ValueId a = builder.unary("a", x, {Function::kNeg});
  const ValueId b = builder.add("b", a, a);
  const Graph graph = builder.finish({b, x});
  std::vector<std::string> seen;
  const std::vector<Tensor> out =
      run_reference(graph, std::vector<Tensor>{floats({2}, {1, 2})}, [&](ValueId id, const Tensor& tensor) {
        seen.push_back(graph.value(id).name + " " + std::to_string(tensor.data<float>()[1]).substr(0, 2));
      });
  EXPECT_EQ(seen, (std::vector<std::string>{"x 2.", "a -2", "b -4"}));
  expect_close(out[0], floats({2}, {-2, -4}), 0, 0);
  expect_close(out[1], floats({2}, {1, 2}), 0, 0);
}

TEST(Reference, ChecksWhatItIsGiven) {
  GraphBuilder builder;
  const ValueId x = builder.input("x", {2});
  const Graph graph = builder.finish({builder.relu("y", x)});
  EXPECT_THROW(run_reference(graph, std::vector<Tensor>{}), Error);
  EXPECT_THROW(run_reference(graph, std::vector<Tensor>{floats({3}, {1, 2, 3})}), Error);
  EXPECT_THROW(run_reference(graph, std::vector<Tensor>{longs({2}, {1, 2})}), Error);
}

}  // namespace
}  // namespace fovea
