#include <fmt/ranges.h>
#include <gtest/gtest.h>
#include <omp.h>

#include <array>
#include <map>

#include "backend/registry/registry.h"
#include "base/error.h"
#include "compiler/compile.h"
#include "compiler/frontend.h"
#include "compiler/target.h"
#include "engine/executor.h"
#include "graph/reference.h"
#include "passes/pass.h"
#include "quantize/typed_graph.h"
#include "testing/allocation_count.h"
#include "testing/environment.h"
#include "testing/graph_random.h"
#include "testing/zoo_graphs.h"

// Every structure of the zoo through passes, precision and compiler: each step of the plan against the reference on
/// that step's own inputs, and in fp32 the whole network against the graph as it was written.
namespace fovea {
namespace {

/// A network of the zoo and what its engine is built for.
struct Variant {
  std::size_t graph;
  Precision precision;
  std::vector<std::int64_t> batches;
  bool pixels = false;  ///< u8 images in, probabilities out
};

/// In the quick run each graph has fp32 at batch 1 and one of the other variants in turn.
std::vector<Variant> variants() {
  constexpr std::array kOthers = {std::pair{Precision::kInt8, 1}, std::pair{Precision::kBf16, 1},
                                  std::pair{Precision::kInt8, 7}, std::pair{Precision::kFp32, 7},
                                  std::pair{Precision::kBf16, 7}};
  const bool full = full_tests();
  std::vector<Variant> made;
  for (std::size_t g = 0; g < zoo_graphs().size(); ++g) {
    made.push_back({g, Precision::kFp32, {1}});
    for (std::size_t k = 0; k < kOthers.size(); ++k)
      if (full || g % kOthers.size() == k) made.push_back({g, kOthers[k].first, {kOthers[k].second}});
  }
  return made;
}

std::string name_of(const Variant& variant) {
  return fmt::format("{}_{}_{}{}", zoo_graphs()[variant.graph].name, name(variant.precision),
                     fmt::join(variant.batches, "_"), variant.pixels ? "_pixels" : "");
}

Ranges ranges_of(const Graph& graph, const Tensor& input) {
  Ranges ranges;
  run_reference(graph, std::span(&input, 1), [&](ValueId id, const Tensor& value) {
    if (value.dtype() != DType::kF32 || value.elements() == 0) return;
    Range& range = ranges[graph.value(id).name];
    for (const float v : value.data<float>()) range = {std::min(range.low, v), std::max(range.high, v)};
  });
  return ranges;
}

class PlanSteps : public testing::TestWithParam<Variant> {
 protected:
  void SetUp() override {
    constexpr int size = 64;
    spec = PreprocessSpec::imagenet(size);
    model = zoo_graphs()[GetParam().graph].make(size, 1 + GetParam().graph);
    if (GetParam().pixels) model = add_front_end(model, spec, true).graph;
    input = images(GetParam().batches.back());
  }

  Tensor images(std::int64_t count) const {
    const Value& x = model.value(model.inputs()[0]);
    Shape shape = x.shape;
    shape[0] = count;
    const bool pixels = x.dtype == DType::kU8;
    return random_tensor(x.dtype, shape, 5, pixels ? 0.0F : -2.0F, pixels ? 255.0F : 2.0F);
  }

  Engine build() {
    const PassContext context = target_context(cpu, device->info(), 1);
    Graph base = model;
    run_passes(base, passes_before_calibration(), context);
    PrecisionPlan precision;
    precision.precision = GetParam().precision;
    Int8Recipe recipe;
    recipe.base = base;
    if (precision.precision == Precision::kInt8) recipe.ranges = ranges_of(base, images(1));
    TypedGraph typed = lower_to(base, precision, recipe, context);
    TimingCache none;
    CompileOptions options;
    options.opt_level = 0;
    options.threads = 1;
    options.batches = GetParam().batches;
    CompileResult compiled = compile(typed.graph, cpu, *device, options, none);
    EngineInfo info;
    info.pixel_input = GetParam().pixels;
    info.preprocess = spec;
    return engine_of(compiled, info, device->info());
  }

  /// Runs the plan and keeps every value as it was stored.
  std::vector<Tensor> run_observed(const std::shared_ptr<const Engine>& engine) {
    const Graph& graph = engine->plans[0].graph;
    std::vector<Tensor> values(graph.values().size());
    for (std::size_t id = 0; id < values.size(); ++id) values[id] = graph.values()[id].constant;
    values[static_cast<std::size_t>(graph.inputs()[0])] = input;
    ExecutionContext context(Executor::make(engine, cpu, device), 1);
    context.observe(
        [&](const Plan&, ValueId id, const Tensor& stored) { values[static_cast<std::size_t>(id)] = stored.clone(); });
    output = Tensor(DType::kF32, graph.value(graph.outputs()[0]).shape);
    context.run(input.bytes(), GetParam().batches.back(), output.data<float>());
    return values;
  }

  const Backend& cpu = backend_by_name("cpu");
  std::shared_ptr<Device> device = cpu.open(isa_limit(), 0);
  PreprocessSpec spec;
  Graph model;
  Tensor input, output;
};

/// One step of an 8-bit type, one rounding of a 16-bit one, what f32 sums lose.
void expect_step(const Value& type, const Tensor& got, const Tensor& expected) {
  if (type.dtype == DType::kS8 || type.dtype == DType::kU8) {
    EXPECT_LE(max_abs_diff(got, expected), 1) << type.name;
    return;
  }
  double largest = 0;
  const Tensor real = to_f32(expected);
  for (const float v : real.data<float>()) largest = std::max(largest, std::abs(static_cast<double>(v)));
  const double relative = type.dtype == DType::kBF16 ? 1.0 / 128 : 1e-4;
  EXPECT_LE(max_abs_diff(got, expected), relative * largest + 1e-6) << type.name;
}

TEST_P(PlanSteps, AgreeWithTheReference) {
  const auto engine = std::make_shared<const Engine>(build());
  const Plan& plan = engine->plans[0];
  std::vector<Tensor> values = run_observed(engine);
  int checked = 0;
  for (const Node& node : plan.graph.nodes()) {  // views have no step: the reference makes their values
    std::vector<Tensor> inputs;
    for (const ValueId id : node.inputs)
      inputs.push_back(id == kNoValue ? Tensor() : values[static_cast<std::size_t>(id)]);
    const std::vector<Tensor> expected = run_reference(plan.graph, node, inputs);
    for (std::size_t k = 0; k < node.outputs.size(); ++k) {
      Tensor& got = values[static_cast<std::size_t>(node.outputs[k])];
      if (got.empty()) {
        got = expected[k];
        continue;
      }
      expect_step(plan.graph.value(node.outputs[k]), got, expected[k]);
      ++checked;
    }
    if (HasFailure()) FAIL() << "node " << node.name << " (" << display_name(node.op) << ")";
  }
  EXPECT_GE(checked, 5);
}

TEST_P(PlanSteps, AddUpToTheNetwork) {
  if (GetParam().precision != Precision::kFp32) GTEST_SKIP() << "only fp32 is to be the same";
  Graph whole = model;
  whole.set_batch(GetParam().batches.back());
  run_observed(std::make_shared<const Engine>(build()));
  expect_step(whole.value(whole.outputs()[0]), output, run_reference(whole, std::span(&input, 1))[0]);
}

/// Nets with images as input and profiles for 1 and for 4, on one thread and on two: those of depthwise and of
/// squeeze-and-excite blocks in every precision, in the quick run the others in one each.
class RunningPlans : public PlanSteps {
 protected:
  void SetUp() override {
    PlanSteps::SetUp();
    try {
      executor = Executor::make(std::make_shared<const Engine>(build()), cpu, device);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kUnsupported || !isa_is_limited()) throw;
      GTEST_SKIP() << error.message();  // no bf16, no exact int8
    }
    result.resize(static_cast<std::size_t>(output_classes(executor->engine())) * kMost);
  }

  void run(ExecutionContext& context, const Tensor& given, std::size_t count) {
    context.run(given.bytes().first(given.byte_size() / kMost * count), static_cast<std::int64_t>(count),
                std::span(result).first(result.size() / kMost * count));
  }

  static constexpr std::size_t kMost = 7;
  std::shared_ptr<const Executor> executor;
  std::vector<float> result;
};

std::vector<Variant> running() {
  std::vector<Variant> made;
  constexpr std::array kPrecisions = {Precision::kFp32, Precision::kBf16, Precision::kInt8};
  for (std::size_t g = 0; g < zoo_graphs().size(); ++g) {
    const std::string_view name = zoo_graphs()[g].name;
    const bool all = full_tests() || name.starts_with("mobilenet") || name.starts_with("efficientnet");
    for (std::size_t p = 0; p < kPrecisions.size(); ++p)
      if (all || g % kPrecisions.size() == p) made.push_back({g, kPrecisions[p], {1, 4}, true});
  }
  return made;
}

/// One image, a full profile (read where it lies) and both profiles with a part of the larger one (copied first).
TEST_P(RunningPlans, AllocateNothingOfTheirOwn) {
  if (!kCountsAllocations) GTEST_SKIP() << "the sanitizer has its own operator new";
  for (const Plan& plan : executor->engine().plans)
    for (const PlanStep& step : plan.steps)
      EXPECT_NE(step.tactic, kReferenceTactic) << plan.graph.nodes()[static_cast<std::size_t>(step.node)].name;
  const Tensor given = images(kMost);
  for (const int threads : {1, 2}) {
    ExecutionContext context(executor, threads);
    run(context, given, kMost);
    for (const std::size_t count : {std::size_t{1}, std::size_t{4}, kMost}) {
      AllocationCount counted;
      run(context, given, count);
      const Allocations made = counted.stop();
      EXPECT_EQ(made.own, 0) << threads << " threads, " << count << " images; oneDNN's: " << made.vendors;
    }
  }
}

/// A program that uses OpenMP itself keeps its own number of threads.
TEST_P(RunningPlans, LeaveTheCallersThreadsAlone) {
  const int before = omp_get_max_threads();
  omp_set_num_threads(before + 3);
  ExecutionContext context(executor, 1);
  run(context, images(kMost), kMost);
  EXPECT_EQ(omp_get_max_threads(), before + 3);
  omp_set_num_threads(before);
}

/// With less than the machine has, in a process of its own.
TEST(RunningPlansLimited, RunToo) {
  constexpr std::string_view kIsa = "avx2";
  if (isa_is_limited()) GTEST_SKIP() << "is the limited process";
  if (backend_by_name("cpu").open(Isa::kAmx, 0)->info().isa <= isa_from_name(kIsa)) GTEST_SKIP() << "there is no more";
  EXPECT_EQ(run_limited(kIsa, "*/RunningPlans.*"), 0);
}

INSTANTIATE_TEST_SUITE_P(Zoo, RunningPlans, testing::ValuesIn(running()),
                         [](const auto& given) { return name_of(given.param); });

INSTANTIATE_TEST_SUITE_P(Zoo, PlanSteps, testing::ValuesIn(variants()),
                         [](const auto& given) { return name_of(given.param); });

}  // namespace
}  // namespace fovea
