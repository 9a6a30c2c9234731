#include <gtest/gtest.h>
#include <omp.h>

#include <array>
#include <cstdlib>
#include <map>

#include "backend/registry/registry.h"
#include "compiler/compile.h"
#include "compiler/target.h"
#include "engine/executor.h"
#include "graph/reference.h"
#include "passes/pass.h"
#include "quantize/typed_graph.h"
#include "testing/allocation_count.h"
#include "testing/graph_random.h"
#include "testing/zoo_graphs.h"

// Every structure of the zoo through passes, precision and compiler: each step of the plan against the reference on
/// that step's own inputs, and in fp32 the whole network against the graph as it was written.
namespace fovea {
namespace {

struct Variant {
  std::size_t graph;
  Precision precision;
  std::int64_t batch;
};

bool full() { return std::getenv("FOVEA_TEST_FULL") != nullptr; }

/// In the quick run each graph has fp32 at batch 1 and one of the other variants in turn.
std::vector<Variant> variants() {
  constexpr std::array kOthers = {std::pair{Precision::kInt8, 1}, std::pair{Precision::kBf16, 1},
                                  std::pair{Precision::kInt8, 7}, std::pair{Precision::kFp32, 7},
                                  std::pair{Precision::kBf16, 7}};
  std::vector<Variant> made;
  for (std::size_t g = 0; g < zoo_graphs().size(); ++g) {
    made.push_back({g, Precision::kFp32, 1});
    for (std::size_t k = 0; k < kOthers.size(); ++k)
      if (full() || g % kOthers.size() == k) made.push_back({g, kOthers[k].first, kOthers[k].second});
  }
  return made;
}

std::string name_of(const Variant& variant) {
  return std::string(zoo_graphs()[variant.graph].name) + "_" + std::string(name(variant.precision)) + "_" +
         std::to_string(variant.batch);
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
    model = zoo_graphs()[GetParam().graph].make(size, 1 + GetParam().graph);
    input = random_tensor(DType::kF32, {GetParam().batch, 3, size, size}, 5, -2, 2);
  }

  Engine build() {
    const PassContext context = target_context(cpu, device->info(), 1);
    Graph base = model;
    run_passes(base, passes_before_calibration(), context);
    const Tensor one = random_tensor(DType::kF32, base.value(base.inputs()[0]).shape, 5, -2, 2);
    PrecisionPlan precision;
    precision.precision = GetParam().precision;
    Int8Recipe recipe;
    recipe.base = base;
    if (precision.precision == Precision::kInt8) recipe.ranges = ranges_of(base, one);
    TypedGraph typed = lower_to(base, precision, recipe, context);
    TimingCache none;
    CompileOptions options;
    options.opt_level = 0;
    options.threads = 1;
    options.batches = {GetParam().batch};
    CompileResult compiled = compile(typed.graph, cpu, *device, options, none);
    Engine engine;
    engine.info.backend = cpu.name();
    engine.info.fingerprint = device->info().fingerprint();
    engine.info.isa = device->info().isa;
    engine.info.pixel_input = false;
    engine.info.preprocess.height = engine.info.preprocess.width = static_cast<int>(input.shape()[2]);
    engine.plans = std::move(compiled.plans);
    engine.blobs = compiled.blobs;
    return engine;
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
    context.run(input.bytes(), GetParam().batch, output.data<float>());
    return values;
  }

  const Backend& cpu = backend_by_name("cpu");
  std::shared_ptr<Device> device = cpu.open(Isa::kAmx, 0);
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
  whole.set_batch(GetParam().batch);
  run_observed(std::make_shared<const Engine>(build()));
  expect_step(whole.value(whole.outputs()[0]), output, run_reference(whole, std::span(&input, 1))[0]);
}

/// Nets of depthwise and of squeeze-and-excite blocks, in every precision, on one thread and on two.
class RunningPlans : public PlanSteps {};

std::vector<Variant> small_nets() {
  std::vector<Variant> made;
  for (std::size_t g = 0; g < zoo_graphs().size(); ++g)
    for (const Precision precision : {Precision::kFp32, Precision::kBf16, Precision::kInt8})
      if (zoo_graphs()[g].name.starts_with("mobilenet") || zoo_graphs()[g].name.starts_with("efficientnet"))
        made.push_back({g, precision, 1});
  return made;
}

TEST_P(RunningPlans, AllocateNothingOfTheirOwn) {
  if (!kCountsAllocations) GTEST_SKIP() << "the sanitizer has its own operator new";
  const auto executor = Executor::make(std::make_shared<const Engine>(build()), cpu, device);
  std::vector<float> result(static_cast<std::size_t>(output_classes(executor->engine())));
  for (const int threads : {1, 2}) {
    ExecutionContext context(executor, threads);
    context.run(input.bytes(), 1, result);
    AllocationCount count;
    for (int i = 0; i < 3; ++i) context.run(input.bytes(), 1, result);
    const Allocations made = count.stop();
    EXPECT_EQ(made.own, 0) << threads << " threads; oneDNN's: " << made.vendors;
  }
}

/// A program that uses OpenMP itself keeps its own number of threads.
TEST_P(RunningPlans, LeaveTheCallersThreadsAlone) {
  const auto executor = Executor::make(std::make_shared<const Engine>(build()), cpu, device);
  std::vector<float> result(static_cast<std::size_t>(output_classes(executor->engine())));
  const int before = omp_get_max_threads();
  omp_set_num_threads(before + 3);
  ExecutionContext context(executor, 1);
  context.run(input.bytes(), 1, result);
  EXPECT_EQ(omp_get_max_threads(), before + 3);
  omp_set_num_threads(before);
}

INSTANTIATE_TEST_SUITE_P(Small, RunningPlans, testing::ValuesIn(small_nets()),
                         [](const auto& given) { return name_of(given.param); });

INSTANTIATE_TEST_SUITE_P(Zoo, PlanSteps, testing::ValuesIn(variants()),
                         [](const auto& given) { return name_of(given.param); });

}  // namespace
}  // namespace fovea
