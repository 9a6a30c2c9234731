#include <gtest/gtest.h>

#include "base/error.h"
#include "base/io/hash.h"
#include "base/random.h"
#include "cuda_steps.h"
#include "graph/reference.h"
#include "passes/make_region.h"

// Regions that a tactic for GPUs runs as one, against their nodes one after the other.
namespace fovea {
namespace {

Tensor uniform(Random& random, const Shape& shape, double most) {
  Tensor made(DType::kF32, shape);
  for (float& v : made.data<float>()) v = static_cast<float>(random.uniform(-most, most));
  return made;
}

/// A graph under construction whose images are of one type; 8 bits get the range that the reference fills.
class TypedGraph {
 public:
  TypedGraph(std::string_view seed, DType dtype) : random_({hash64(as_bytes(seed))}), dtype_(dtype) {}

  ValueId pixels(const Shape& shape) {
    Tensor made(DType::kU8, shape);
    for (auto& v : made.data<std::uint8_t>()) v = static_cast<std::uint8_t>(random_.below(256));
    return input(std::move(made), {});
  }

  ValueId image(const Shape& shape) {
    const Tensor real = uniform(random_, shape, 1);
    if (dtype_ != DType::kS8) return input(from_f32(real, dtype_), {});
    Value type;
    type.dtype = dtype_;
    type.quant = range_of(real, dtype_, 0);
    return input(from_real(type, real), type.quant);
  }

  ValueId constant(const Shape& shape, double most) {
    return graph_.add_constant("c" + std::to_string(graph_.values().size()), uniform(random_, shape, most));
  }

  /// k c r s: with images of 8 bits s8 and a scale for each of k, else of their type.
  ValueId filter(const Shape& shape) {
    const double most = 2 / std::sqrt(static_cast<double>(shape[1] * shape[2] * shape[3]));
    const std::string name = "c" + std::to_string(graph_.values().size());
    if (dtype_ != DType::kS8) return graph_.add_constant(name, from_f32(uniform(random_, shape, most), dtype_));
    Tensor steps = uniform(random_, shape, 127);
    for (float& v : steps.data<float>()) v = std::round(v);
    const ValueId id = graph_.add_constant(name, from_f32(steps, DType::kS8));
    Quantization quant{{}, {}, 0};
    for (std::int64_t k = 0; k < shape[0]; ++k) {
      quant.scale.push_back(static_cast<float>(most / 127 * random_.uniform(0.5, 1.5)));
      quant.zero_point.push_back(0);
    }
    graph_.value(id).quant = quant;
    return id;
  }

  ValueId add(Op op, std::vector<ValueId> inputs, std::optional<Quantization> quant = {}) {
    const std::string name = "n" + std::to_string(graph_.nodes().size());
    const ValueId y = graph_.add_node(std::move(op), std::move(inputs), name, {name});
    graph_.set_outputs({y});
    if (dtype_ == DType::kS8) {
      const Tensor real = run_reference(graph_, inputs_).at(0);
      graph_.value(y).quant = quant ? quant : range_of(real, dtype_, 0);
    }
    graph_.value(y).dtype = dtype_;
    return y;
  }

  const Value& value(ValueId id) const { return graph_.value(id); }

  /// All of it as one region; empty where it is no candidate.
  Problem region() const {
    Problem problem;
    problem.graph = graph_;
    problem.graph.compact();
    problem.expected = run_reference(problem.graph, inputs_);
    const auto found = region_candidates(problem.graph);
    if (found.size() != 1 || found[0].size() != graph_.nodes().size()) return {};
    make_region(problem.graph, found[0]);
    problem.inputs.resize(problem.node().inputs.size());
    std::size_t given = 0;
    for (std::size_t i = 0; i < problem.inputs.size(); ++i)
      if (!problem.graph.input_of(problem.node(), i).is_constant()) problem.inputs[i] = inputs_.at(given++);
    return problem;
  }

 private:
  ValueId input(Tensor made, const std::optional<Quantization>& quant) {
    const ValueId id = graph_.add_input("x" + std::to_string(inputs_.size()), made.dtype(), made.shape());
    graph_.value(id).quant = quant;
    inputs_.push_back(std::move(made));
    return id;
  }

  Random random_;
  DType dtype_;
  Graph graph_;
  std::vector<Tensor> inputs_;
};

struct FrontCase {
  std::int64_t n, h, w, c, kernel, k;
  std::array<int, 4> pads;
  Function act;
  bool pooled;
};
const FrontCase kFronts[] = {
    {2, 224, 224, 3, 7, 64, {3, 3, 3, 3}, Function::kRelu, true},
    {3, 33, 47, 3, 7, 64, {3, 3, 3, 3}, Function::kIdentity, true},
    {1, 64, 60, 3, 3, 32, {1, 1, 1, 1}, Function::kClip, false},
    {2, 31, 29, 3, 3, 24, {0, 0, 1, 1}, Function::kRelu, false},
    {2, 65, 65, 3, 3, 24, {1, 1, 1, 1}, Function::kRelu, true},
    {1, 70, 300, 3, 5, 96, {2, 2, 2, 2}, Function::kRelu, true},
    {2, 48, 52, 1, 7, 40, {3, 3, 3, 3}, Function::kClip, true},
    {1, 40, 256, 3, 7, 48, {2, 2, 3, 3}, Function::kRelu, false},
    {1, 9, 6, 3, 2, 8, {0, 0, 0, 0}, Function::kRelu, true},
};

Problem front(const FrontCase& test, DType dtype) {
  TypedGraph graph(fmt::format("{}x{}x{}", test.h, test.w, test.k), dtype);
  PixelsToTensor pixels;
  pixels.mean = {0.485F, 0.456F, 0.406F};
  pixels.std = {0.229F, 0.224F, 0.225F};
  const ValueId x = graph.add(pixels, {graph.pixels({test.n, test.h, test.w, test.c})});
  Conv2d conv;
  conv.strides = {2, 2};
  conv.pads = test.pads;
  conv.act = {test.act, 0, test.act == Function::kClip ? 1.0F : 0.0F};
  const ValueId y =
      graph.add(conv, {x, graph.filter({test.k, test.c, test.kernel, test.kernel}), graph.constant({test.k}, 0.5)});
  if (test.pooled) {
    Pool pool;
    pool.kernel = {3, 3};
    pool.strides = {2, 2};
    pool.pads = {1, 1, 1, 1};
    graph.add(pool, {y}, graph.value(y).quant);
  }
  return graph.region();
}

struct BottleneckCase {
  std::int64_t n, h, w, k;
  bool project;
  Function act;
};
const BottleneckCase kBottlenecks[] = {
    {2, 56, 56, 256, false, Function::kRelu},    {2, 56, 56, 256, true, Function::kRelu},
    {1, 9, 5, 256, false, Function::kClip},      {3, 1, 1, 64, true, Function::kRelu},
    {1, 30, 61, 128, true, Function::kIdentity},
};

Problem bottleneck(const BottleneckCase& test, DType dtype) {
  constexpr std::int64_t kMiddle = 64;
  TypedGraph graph(fmt::format("{}x{}x{}", test.h, test.w, test.k), dtype);
  const std::int64_t depth = test.project ? kMiddle : test.k;
  const ValueId x = graph.image({test.n, depth, test.h, test.w});
  const auto convolution = [&](ValueId from, std::int64_t k, int side, ValueId residual, bool active) {
    Conv2d op;
    const int pad = side / 2;
    op.pads = {pad, pad, pad, pad};
    if (active) op.act = {test.act, 0, test.act == Function::kClip ? 1.0F : 0.0F};
    op.residual = residual != kNoValue;
    const std::int64_t c = graph.value(from).shape[1];
    std::vector<ValueId> inputs = {from, graph.filter({k, c, side, side}), graph.constant({k}, 0.5)};
    if (op.residual) inputs.push_back(residual);
    return graph.add(op, inputs);
  };
  const ValueId middle = convolution(convolution(x, kMiddle, 1, kNoValue, true), kMiddle, 3, kNoValue, true);
  const ValueId last = convolution(middle, test.k, 1, test.project ? kNoValue : x, !test.project);
  if (test.project) convolution(x, test.k, 1, last, true);
  return graph.region();
}

class CudaRegions : public CudaTest {
 protected:
  void check(std::string_view name, const Problem& problem, double depth, const std::string& what) {
    const Tactic& tactic = *find_tactic(*tested_backend(), name);
    const NodeView view = region_layouts(problem);
    const Support support = tactic.supports(view, device_->info());
    ASSERT_TRUE(support) << what << ": " << support.reason;
    const Weights weights = weights_of(problem.graph, problem.node());
    for (const Config& config : tactic.configs(view, device_->info())) {
      const Bytes packed = tactic.pack(view, config, weights);
      const auto step = tactic.make(view, config, packed, *device_);
      const std::vector<Tensor> got = run_step(*step, view, problem, *device_, *stream_);
      EXPECT_EQ(difference(got.at(0), problem.expected.at(0), depth), "") << what << ' ' << config.str();
    }
  }

  /// Pixels as they come, images n h w c.
  static NodeView region_layouts(const Problem& problem) {
    NodeView view = plain_view(problem.graph, problem.node(), 1);
    for (auto* operands : {&view.inputs, &view.outputs})
      for (OperandView& operand : *operands)
        if (operand.shape.rank() == 4 && !operand.constant && operand.dtype != DType::kU8)
          operand.layout = Layout::kNhwc;
    return view;
  }
};

TEST_F(CudaRegions, FrontsAgreeWithTheReference) {
  if (!wanted("front")) return;
  for (const FrontCase& test : kFronts)
    for (const DType dtype : {DType::kS8, DType::kF16, DType::kBF16}) {
      const Problem problem = front(test, dtype);
      ASSERT_FALSE(problem.inputs.empty());
      check("front", problem, static_cast<double>(test.c * test.kernel * test.kernel),
            fmt::format("{} x {} x {}, {} channels, {}", test.h, test.w, test.c, test.k, name(dtype)));
    }
}

TEST_F(CudaRegions, BottlenecksAgreeWithTheReference) {
  if (!wanted("bottleneck")) return;
  for (const BottleneckCase& test : kBottlenecks)
    for (const DType dtype : {DType::kS8, DType::kF16, DType::kBF16}) {
      const Problem problem = bottleneck(test, dtype);
      ASSERT_FALSE(problem.inputs.empty());
      check("bottleneck", problem, 9 * 64,
            fmt::format("{} x {}, {} channels{}, {}", test.h, test.w, test.k, test.project ? ", projected" : "",
                        name(dtype)));
    }
}

/// What needs no device: what a tactic says of a region, and its weights as it wants them.
TEST(CudaBackend, TakesRegionsWithoutADevice) {
  if (tested_backend() == nullptr) GTEST_SKIP() << "built without CUDA";
  DeviceInfo device;
  device.compute_capability = 90;
  const Tactic& tactic = *find_tactic(*tested_backend(), "front");
  const Problem problem = front(kFronts[1], DType::kS8);
  ASSERT_FALSE(problem.inputs.empty());
  NodeView view = plain_view(problem.graph, problem.node(), 1);
  EXPECT_FALSE(tactic.supports(view, device)) << "a plain output";
  view.outputs[0].layout = Layout::kNhwc;
  ASSERT_TRUE(tactic.supports(view, device)) << tactic.supports(view, device).reason;
  for (const Config& config : tactic.configs(view, device))
    EXPECT_GT(tactic.pack(view, config, weights_of(problem.graph, problem.node())).size(), 64U * 3 * 49);
  view.outputs[0].quant->scale = {1};
  EXPECT_FALSE(tactic.supports(view, device)) << "a pooling that changes the scale";
  const Tactic& block = *find_tactic(*tested_backend(), "bottleneck");
  EXPECT_FALSE(block.supports(view, device)) << "a front";
  for (const BottleneckCase& test : kBottlenecks) {
    const Problem own = bottleneck(test, DType::kS8);
    ASSERT_FALSE(own.inputs.empty());
    view = plain_view(own.graph, own.node(), 1);
    for (OperandView* operand : {&view.inputs[0], &view.outputs[0]}) operand->layout = Layout::kNhwc;
    ASSERT_TRUE(block.supports(view, device)) << block.supports(view, device).reason;
    for (const Config& config : block.configs(view, device))
      EXPECT_GT(block.pack(view, config, weights_of(own.graph, own.node())).size(), 64U * 64 * 9);
  }
}

}  // namespace
}  // namespace fovea
