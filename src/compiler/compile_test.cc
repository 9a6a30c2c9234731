#include "compiler/compile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "base/error.h"
#include "compiler/build_bare.h"
#include "compiler/target.h"
#include "engine/executor.h"
#include "graph/builder.h"
#include "graph/reference.h"
#include "passes/lower_precision.h"
#include "passes/pass.h"
#include "testing/graph_random.h"
#include "testing/plain_engine.h"
#include "testing/zoo_maker.h"

namespace fovea {
namespace {

std::shared_ptr<Device> cpu() {
  static const std::shared_ptr<Device> device = cpu_backend_for_tests().open(Isa::kAmx, 0);
  return device;
}

Engine tensor_engine_of(CompileResult compiled) {
  EngineInfo info;
  info.pixel_input = false;
  return engine_of(compiled, info, cpu()->info());
}

CompileResult compile_for(const Graph& graph, CompileOptions options, TimingCache& cache) {
  options.threads = 1;
  return compile(graph, cpu_backend_for_tests(), *cpu(), options, cache);
}

Engine untimed(const Graph& graph, std::vector<std::int64_t> batches) {
  CompileOptions options;
  options.opt_level = 0;
  options.batches = std::move(batches);
  TimingCache cache;
  return tensor_engine_of(compile_for(graph, options, cache));
}

Tensor run_engine(Engine engine, const Tensor& input) {
  deserialize(serialize(engine));  // obeys the rules of the file
  const auto executor = Executor::make(std::make_shared<Engine>(std::move(engine)), cpu_backend_for_tests(), cpu());
  ExecutionContext context(executor);
  const Plan& plan = executor->engine().plans[0];
  Tensor output(DType::kF32, {input.shape()[0], plan.graph.value(plan.graph.outputs()[0]).shape[1]});
  context.run(input.bytes(), input.shape()[0], output.data<float>());
  return output;
}

Tensor run_graph(Graph graph, const Tensor& input) {
  graph.set_batch(input.shape()[0]);
  return run_reference(graph, std::span(&input, 1))[0];
}

Tensor input_for(const Graph& graph, std::int64_t batch, std::uint64_t seed) {
  Shape shape = graph.value(graph.inputs()[0]).shape;
  shape[0] = batch;
  return random_tensor(DType::kF32, shape, seed);
}

class RandomNet : public testing::TestWithParam<std::uint64_t> {};

TEST_P(RandomNet, RunsAsTheReferenceAtEveryBatch) {
  const Graph model = random_cnn(GetParam());
  Graph graph = model;
  run_passes(graph, passes_before_calibration(), target_context(cpu_backend_for_tests(), cpu()->info(), 1));
  const Engine engine = untimed(graph, {1, 3});
  for (const std::int64_t batch : {1, 3}) {
    const Tensor x = input_for(model, batch, GetParam());
    expect_close(run_engine(engine, x), run_graph(model, x), 2e-4, 2e-3);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomNet, testing::Range<std::uint64_t>(1, 25));

TEST(Compile, TimesEqualLayersOnceAndRepeatsItselfWithTheCache) {
  GraphBuilder build;
  ValueId x = build.input("x", {1, 16, 8, 8});
  for (const char* name : {"a", "b", "c"}) x = build.relu(std::string(name) + ".relu", build.conv(name, x, 16, {}));
  const Graph graph = build.finish({build.linear("fc", build.flatten("flat", x), 4)});
  CompileOptions options;
  options.opt_level = 3;
  TimingCache cache;
  const CompileResult first = compile_for(graph, options, cache);
  EXPECT_GT(cache.misses, 0);
  EXPECT_GT(first.predicted_microseconds, 0);

  TimingCache again = TimingCache::parse(cache.text());
  const Bytes one = serialize(tensor_engine_of(compile_for(graph, options, again)));
  const Bytes two = serialize(tensor_engine_of(compile_for(graph, options, again)));
  EXPECT_EQ(again.misses, 0);
  EXPECT_TRUE(one == two);
  EXPECT_TRUE(one == serialize(tensor_engine_of(first)));
}

TEST(Compile, ReportsEveryStepWithWhatOthersSaid) {
  CompileOptions options;
  options.opt_level = 0;
  TimingCache cache;
  const CompileResult compiled = compile_for(tiny_classifier(3), options, cache);
  ASSERT_EQ(compiled.tactics.size(), compiled.plans[0].steps.size());
  for (std::size_t s = 0; s < compiled.tactics.size(); ++s) {
    const TacticReport& report = compiled.tactics[s];
    EXPECT_EQ(report.tactic, compiled.plans[0].steps[s].tactic);
    EXPECT_EQ(report.microseconds, 0) << "nothing is timed";
  }
  const auto conv =
      std::ranges::find_if(compiled.tactics, [](const TacticReport& r) { return r.op.starts_with("conv"); });
  ASSERT_NE(conv, compiled.tactics.end());
  const auto verdicts = [&](const std::string& verdict) {
    return std::ranges::count(conv->candidates, verdict, &TacticReport::Candidate::verdict);
  };
  EXPECT_EQ(verdicts("chosen"), 1);
  EXPECT_GT(conv->candidates.size(), 3U);
}

Support never(const NodeView&, const DeviceInfo&) { return Support::no("not today"); }

class LazyBackend final : public Backend {
 public:
  std::string_view name() const override { return "lazy"; }
  std::span<const Tactic> tactics() const override {
    static constexpr Tactic kTactics[] = {{"idle", never, nullptr, nullptr, nullptr}};
    return kTactics;
  }
  std::shared_ptr<Device> open(Isa, int) const override { return cpu(); }
};

TEST(Compile, NamesTheNodeThatNobodyRuns) {
  const LazyBackend backend;
  TimingCache cache;
  try {
    compile(tiny_classifier(3), backend, *cpu(), {}, cache);
    FAIL() << "compiled";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUnsupported);
    EXPECT_THAT(error.message(), testing::HasSubstr("idle: not today"));
    EXPECT_THAT(error.message(), testing::HasSubstr("node "));
  }
}

TEST(Compile, RefusesBatchesBelowOne) {
  CompileOptions options;
  options.batches = {0, 1};
  TimingCache cache;
  EXPECT_THROW(compile_for(tiny_classifier(3), options, cache), Error);
}

TEST(BareEngine, RunsTheGraphInFloat) {
  const Graph model = random_cnn(7);
  EngineInfo info;
  info.pixel_input = false;
  const auto engine = bare_engine(model, info, cpu_backend_for_tests(), *cpu(), {1}, 1);
  EXPECT_EQ(engine->info.precision, "fp32");
  const Tensor x = input_for(model, 1, 3);
  expect_close(run_engine(*engine, x), run_graph(model, x), 2e-4, 2e-3);
}

/// Four branches with two convolutions of 1 × 1 side by side.
Graph inception() {
  ZooMaker z(16);
  const ValueId x = z.conv_bn_act(z.x, 32, {}, {Function::kRelu});
  const ValueId a = z.conv_bn_act(x, 16, {.kernel = 1}, {Function::kRelu});
  const ValueId b = z.conv_bn_act(z.conv_bn_act(x, 32, {.kernel = 1}, {Function::kRelu}), 16, {}, {Function::kRelu});
  return z.classifier(z.concat({z.pool(PoolKind::kMax, a, 3, 1, 1), b}), 5);
}

TEST(Compile, JoinsSiblingsWhereThatIsTimedFaster) {
  Graph graph = inception();
  run_passes(graph, passes_before_calibration(), target_context(cpu_backend_for_tests(), cpu()->info(), 1));
  CompileOptions options;
  options.opt_level = 1;
  TimingCache cache;
  compile_for(graph, options, cache);
  const Tensor x = input_for(graph, 1, 3);
  for (const double microseconds : {0.001, 1e6}) {  // as if the joined one had been timed so
    std::string text;
    std::istringstream lines(cache.text());
    for (std::string line; std::getline(lines, line);) {
      const bool joined = line.find("1x48x16x16") != std::string::npos && line.find("conv2d") != std::string::npos;
      text += (joined ? fmt::format("{}{}", microseconds, line.substr(line.find(' '))) : line) + "\n";
    }
    TimingCache edited = TimingCache::parse(text);
    const CompileResult compiled = compile_for(graph, options, edited);
    EXPECT_EQ(edited.misses, 0);
    const auto is_joined = [](const Node& node) { return node.name.find('+') != std::string::npos; };
    EXPECT_EQ(std::ranges::any_of(compiled.plans[0].graph.nodes(), is_joined), microseconds < 1);
    expect_close(run_engine(tensor_engine_of(compiled), x), run_graph(graph, x), 2e-4, 2e-3);
  }
}

TEST(Compile, RunsLoweredNodesAsTheTypedReference) {
  for (const std::uint64_t seed : {2, 5, 9}) {
    Graph graph = random_cnn(seed);
    const PassContext context = target_context(cpu_backend_for_tests(), cpu()->info(), 1);
    run_passes(graph, passes_before_calibration(), context);
    std::set<std::string> names;
    for (const Node& node : graph.nodes())
      if (!std::holds_alternative<Softmax>(node.op)) names.insert(node.name);
    lower_precision(graph, names, DType::kBF16, context);
    run_passes(graph, passes_after_precision(), context);
    const Tensor x = input_for(graph, 1, seed);
    // 8 bits of mantissa, and sums in another order, through a dozen layers.
    expect_close(run_engine(untimed(graph, {1}), x), run_graph(graph, x), 3e-2, 5e-2);
  }
}

}  // namespace
}  // namespace fovea
