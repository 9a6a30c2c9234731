#include "engine/executor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cmath>
#include <map>
#include <thread>

#include "base/error.h"
#include "base/random.h"
#include "engine/layout.h"
#include "graph/reference.h"
#include "testing/allocation_count.h"
#include "testing/plain_engine.h"
#include "testing/thrown.h"

namespace fovea {
namespace {

constexpr int kSide = 8;
constexpr std::size_t kPixels = kSide * kSide * 3;

std::vector<std::uint8_t> pixels(int images, std::uint64_t seed = 1) {
  Random random({seed});
  std::vector<std::uint8_t> all(static_cast<std::size_t>(images) * kPixels);
  for (std::uint8_t& pixel : all) pixel = static_cast<std::uint8_t>(random.below(256));
  return all;
}

std::shared_ptr<const Executor> executor_for(const Graph& graph, const Backend& backend,
                                             const PlainEngineOptions& options) {
  const auto device = backend.open(Isa::kAmx, 0);
  return Executor::make(std::make_shared<Engine>(plain_engine(graph, backend, *device, options)), backend, device);
}

std::shared_ptr<const Executor> reference_executor(std::vector<std::int64_t> batches = {1}) {
  return executor_for(tiny_classifier(3), cpu_backend_for_tests(), {std::move(batches), 1, "reference", {}});
}

std::vector<float> expected(const std::vector<std::uint8_t>& input) {
  Graph graph = tiny_classifier(3);
  const auto images = static_cast<std::int64_t>(input.size() / kPixels);
  graph.set_batch(images);
  const Tensor tensor = Tensor::of<std::uint8_t>({images, kSide, kSide, 3}, input);
  const Tensor result = run_reference(graph, std::vector<Tensor>{tensor}).at(0);
  return {result.data<float>().begin(), result.data<float>().end()};
}

std::vector<float> run(ExecutionContext& context, std::span<const std::uint8_t> input) {
  std::vector<float> output(input.size() / kPixels * 3);
  context.run(std::as_bytes(input), static_cast<std::int64_t>(input.size() / kPixels), output);
  return output;
}

TEST(Executor, RunsAnyBatchAsTheReferenceDoes) {
  ExecutionContext context(reference_executor({1, 4}));
  for (const int images : {1, 2, 3, 4, 5, 9, 13}) {
    const auto input = pixels(images, static_cast<std::uint64_t>(images));
    const auto wanted = expected(input), got = run(context, input);
    for (std::size_t i = 0; i < wanted.size(); ++i) EXPECT_NEAR(got[i], wanted[i], 1e-6) << images << " images, " << i;
  }
}

TEST(Executor, AcceptsUnalignedInput) {
  ExecutionContext context(reference_executor());
  std::vector<std::uint8_t> memory(kPixels + 64);
  const auto input = pixels(1);
  for (const std::size_t shift : {0U, 1U, 7U}) {
    std::copy(input.begin(), input.end(), memory.begin() + static_cast<std::ptrdiff_t>(shift));
    EXPECT_EQ(run(context, std::span(memory).subspan(shift, kPixels)), run(context, input));
  }
}

TEST(Executor, RefusesSizesThatDoNotFit) {
  ExecutionContext context(reference_executor());
  const auto input = pixels(2);
  std::vector<float> output(6);
  const auto bytes = std::as_bytes(std::span(input));
  EXPECT_THROW(context.run(bytes, 1, output), Error);
  EXPECT_THROW(context.run(bytes.first(kPixels + 1), 1, std::span(output).first(3)), Error);
  EXPECT_THROW(context.run(bytes, 2, std::span(output).first(3)), Error);
  EXPECT_THROW(context.run(bytes.first(0), 0, std::span(output).first(0)), Error);
  EXPECT_NO_THROW(context.run(bytes, 2, output));
}

TEST(Executor, ShowsEveryValueToAnObserver) {
  const auto executor = reference_executor();
  ExecutionContext context(executor);
  std::map<std::string, Tensor> seen;
  context.observe(
      [&](const Plan& plan, ValueId id, const Tensor& stored) { seen[plan.graph.value(id).name] = stored; });
  const auto input = pixels(1);
  const auto observed = run(context, input);
  const Graph& graph = executor->engine().plans[0].graph;
  const std::vector<Tensor> tensor = {Tensor::of<std::uint8_t>({1, kSide, kSide, 3}, input)};
  int compared = 0;
  run_reference(tiny_classifier(3), tensor, [&](ValueId id, const Tensor& value) {
    const std::string& name = graph.value(id).name;
    if (!seen.contains(name)) return;
    ++compared;
    EXPECT_TRUE(seen[name].same(value)) << name;
  });
  EXPECT_EQ(compared, static_cast<int>(graph.nodes().size()));
  context.observe(nullptr);
  EXPECT_EQ(run(context, input), observed);
}

TEST(Executor, TimesEachStepOfTheLastRun) {
  const auto executor = reference_executor({1, 4});
  ExecutionContext context(executor);
  context.time_steps(true);
  run(context, pixels(5));
  const std::size_t steps = executor->engine().plans[0].steps.size();
  ASSERT_EQ(context.timings().size(), 2 * steps);  // 4 + 1
  EXPECT_EQ(context.timings().front().plan, 1U);
  EXPECT_EQ(context.timings().back().plan, 0U);
  EXPECT_EQ(context.timings().back().step, steps - 1);
  context.time_steps(false);
  run(context, pixels(1));
  EXPECT_TRUE(context.timings().empty());
}

TEST(Executor, RunsViewsWithoutAStep) {
  const Backend& backend = cpu_backend_for_tests();
  const auto device = backend.open(Isa::kAmx, 0);
  Engine engine = plain_engine(tiny_classifier(3), backend, *device, {{1}, 1, "reference", {}});
  Plan& plan = engine.plans[0];
  const auto flat = std::find_if(plan.steps.begin(), plan.steps.end(), [&](const PlanStep& step) {
    return plan.graph.nodes()[static_cast<std::size_t>(step.node)].name == "flat";
  });
  ASSERT_NE(flat, plan.steps.end());
  const Node& node = plan.graph.nodes()[static_cast<std::size_t>(flat->node)];
  plan.values[static_cast<std::size_t>(node.outputs[0])] = plan.values[static_cast<std::size_t>(node.inputs[0])];
  const ValueId view = node.outputs[0];
  plan.steps.erase(flat);
  const auto executor = Executor::make(std::make_shared<Engine>(std::move(engine)), backend, device);
  ExecutionContext context(executor);
  bool shown = false;
  context.observe([&](const Plan&, ValueId id, const Tensor&) { shown = shown || id == view; });
  const auto input = pixels(1);
  const auto wanted = expected(input), got = run(context, input);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(got[i], wanted[i], 1e-6);
  EXPECT_TRUE(shown);
}

TEST(Executor, RerunsTheTailWithAnotherValue) {
  const auto executor = reference_executor();
  ExecutionContext context(executor);
  const Plan& plan = executor->engine().plans[0];
  std::map<ValueId, Tensor> seen;
  context.observe([&](const Plan&, ValueId id, const Tensor& stored) { seen[id] = stored; });
  const auto first = pixels(1, 1), second = pixels(1, 2);
  run(context, first);
  const std::size_t last = plan.steps.size() - 1;
  const ValueId logits = plan.graph.nodes()[static_cast<std::size_t>(plan.steps[last].node)].inputs[0];
  const Tensor kept = seen.at(logits);
  const auto wanted = run(context, first);
  run(context, second);
  context.rerun(0, last, logits, kept);
  const Tensor& probabilities = seen.at(plan.graph.outputs()[0]);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(probabilities.data<float>()[i], wanted[i]);
  EXPECT_THROW(context.rerun(1, last, logits, kept), Error);
  EXPECT_THROW(context.rerun(0, last + 2, logits, kept), Error);
  EXPECT_THROW(context.rerun(0, last, logits, Tensor::zeros(DType::kF32, {1, 2})), Error);
}

TEST(Executor, ServesSeveralContextsAtOnce) {
  const auto executor = reference_executor({1, 2});
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      ExecutionContext context(executor);
      for (int round = 0; round < 5; ++round) {
        const auto input = pixels(3, static_cast<std::uint64_t>(10 * t + round));
        const auto wanted = expected(input), got = run(context, input);
        for (std::size_t i = 0; i < wanted.size(); ++i) wrong += std::abs(got[i] - wanted[i]) > 1e-6F;
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST(Executor, SaysWhenItWasTunedForMoreThreads) {
  const Backend& backend = cpu_backend_for_tests();
  const auto device = backend.open(Isa::kAmx, 0);
  Engine engine = plain_engine(tiny_classifier(3), backend, *device, {{1}, 1, "reference", {}});
  EXPECT_EQ(too_few_threads(engine, 1), "");
  engine.plans[0].threads = available_threads() + 2;
  EXPECT_THAT(too_few_threads(engine), testing::HasSubstr("tuned for " + std::to_string(engine.plans[0].threads)));
  ExecutionContext context(Executor::make(std::make_shared<Engine>(std::move(engine)), backend, device));
  const auto input = pixels(1);
  EXPECT_EQ(run(context, input), expected(input));
}

TEST(Executor, RefusesAnotherDeviceAndUnknownTactics) {
  const Backend& backend = cpu_backend_for_tests();
  const auto device = backend.open(Isa::kAmx, 0);
  const Engine engine = plain_engine(tiny_classifier(3), backend, *device, {{1}, 1, "reference", {}});
  const auto kind = [&](const Engine& given) {
    return kind_of([&] { Executor::make(std::make_shared<Engine>(given), backend, device); });
  };
  Engine other = engine;
  other.info.fingerprint += " lib=oneDNN-0.0.1";
  EXPECT_EQ(kind(other), ErrorKind::kWrongDevice);
  other = engine;
  other.info.backend = "cuda";
  EXPECT_EQ(kind(other), ErrorKind::kWrongDevice);
  other = engine;
  other.plans[0].steps[0].tactic = "nothing";
  EXPECT_EQ(kind(other), ErrorKind::kCorruptFile);
  other = engine;
  other.plans[0].steps[1].blob = -1;
  EXPECT_EQ(kind(other), ErrorKind::kCorruptFile);
}

/// Copies what it reads to what it writes, byte by byte: allocates nothing, so that what is counted is the executor's.
class CopyStep final : public Step {
 public:
  explicit CopyStep(const NodeView& view) : from_(byte_size(view.inputs[0])), to_(byte_size(view.outputs[0])) {}
  std::size_t scratch_bytes() const override { return 100; }
  void run(const Bindings& bindings, Stream&) const override {
    bindings.scratch[99] = std::byte{1};
    for (std::size_t i = 0; i < to_; ++i) bindings.outputs[0][i] = bindings.inputs[0][i % from_] & std::byte{0x3f};
  }

 private:
  std::size_t from_, to_;
};

class CopyBackend final : public Backend {
 public:
  std::string_view name() const override { return "cpu"; }
  std::span<const Tactic> tactics() const override {
    static const Tactic kCopy = {"copy", [](const NodeView&, const DeviceInfo&) { return Support::yes(); },
                                 [](const NodeView&, const DeviceInfo&) { return std::vector<Config>(1); },
                                 [](const NodeView&, const Config&, const Weights&) { return Bytes(); },
                                 [](const NodeView& view, const Config&, std::span<const std::byte>,
                                    Device&) -> std::unique_ptr<Step> { return std::make_unique<CopyStep>(view); }};
    return {&kCopy, 1};
  }
  std::shared_ptr<Device> open(Isa most, int index) const override { return cpu_backend_for_tests().open(most, index); }
};

TEST(Executor, AllocatesNothingWhileItRuns) {
  if (!kCountsAllocations) GTEST_SKIP() << "the sanitizer has its own operator new";
  const CopyBackend backend;
  ExecutionContext context(executor_for(tiny_classifier(3), backend, {{1, 4}, 1, "", {}}));
  const auto input = pixels(7);
  std::vector<float> output(21);
  run(context, input);
  for (const int images : {1, 4, 7}) {
    const auto part = std::as_bytes(std::span(input)).first(static_cast<std::size_t>(images) * kPixels);
    AllocationCount count;
    context.run(part, images, std::span(output).first(static_cast<std::size_t>(images) * 3));
    EXPECT_EQ(count.stop().own, 0) << images;
  }
  struct alignas(64) Wide {
    std::array<std::byte, 64> bytes;
  };
  AllocationCount count;
  const std::vector<int> plain(3);
  const std::vector<Wide> aligned(2);
  const AlignedBuffer buffer(100);
  std::vector<int> elsewhere;
  std::thread([&] { elsewhere.resize(3); }).join();
  EXPECT_GE(count.stop().own, 4) << "the counter counts";
}

}  // namespace
}  // namespace fovea
