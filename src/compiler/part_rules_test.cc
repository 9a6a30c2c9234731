#include "compiler/part_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compiler/cost.h"
#include "compiler/layout_choice.h"
#include "compiler/lower.h"
#include "engine/executor.h"
#include "engine/liveness.h"
#include "graph/reference.h"
#include "graph/text.h"
#include "testing/graph_random.h"
#include "testing/plain_engine.h"
#include "testing/zoo_maker.h"

namespace fovea {
namespace {

using testing::UnorderedElementsAre;

/// Names of the concats and slices that may be views.
std::vector<std::string> may_be_views(std::string_view text) {
  const Graph graph = parse_graph(text);
  PartRules rules(graph);
  std::vector<std::string> names;
  for (const Node& node : graph.nodes()) {
    const bool may = rules.may_be_view(node);
    if (may && (std::holds_alternative<Concat>(node.op) || std::holds_alternative<Slice>(node.op)))
      names.push_back(graph.value(node.outputs[0]).name);
  }
  return names;
}

constexpr std::string_view kBranches =
    "input x: f32 1x16x4x4\n"
    "a: f32 1x16x4x4 = unary(x) fn=tanh\n"
    "b: f32 1x16x4x4 = unary(x) fn=abs\n";

std::vector<std::string> views_behind_branches(const std::string& text) {
  return may_be_views(std::string(kBranches) + text);
}

TEST(PartRules, AValueIsPartOfOneWholeOnly) {
  EXPECT_THAT(views_behind_branches("c: f32 1x32x4x4 = concat(a, b)\n"
                                    "d: f32 1x32x4x4 = concat(b, a)\n"
                                    "y: f32 1x32x4x4 = binary(c, d)\nreturn y\n"),
              UnorderedElementsAre("c"));
  EXPECT_THAT(views_behind_branches("c: f32 1x32x4x4 = concat(a, a)\n"
                                    "y: f32 1x32x4x4 = unary(c) fn=tanh\nreturn y\n"),
              UnorderedElementsAre());
}

TEST(PartRules, WholesAreParts) {
  EXPECT_THAT(views_behind_branches("c: f32 1x32x4x4 = concat(a, b)\n"
                                    "e: f32 1x16x4x4 = unary(x) fn=relu\n"
                                    "d: f32 1x48x4x4 = concat(c, e)\n"
                                    "y: f32 1x48x4x4 = unary(d) fn=tanh\nreturn y\n"),
              UnorderedElementsAre("c", "d"));
}

TEST(PartRules, TheCallersBuffersAreNobodysParts) {
  EXPECT_THAT(views_behind_branches("y: f32 1x32x4x4 = concat(a, b)\nreturn y\n"), UnorderedElementsAre());
  EXPECT_THAT(views_behind_branches("c: f32 1x32x4x4 = concat(a, x)\n"
                                    "y: f32 1x32x4x4 = unary(c) fn=tanh\nreturn y\n"),
              UnorderedElementsAre());
  EXPECT_THAT(views_behind_branches("c: f32 1x32x4x4 = concat(a, b)\ny: f32 1x512 = flatten(c)\nreturn y\n"),
              UnorderedElementsAre());
  EXPECT_THAT(views_behind_branches("s: f32 1x8x4x4 = slice(x) axes=1 starts=0 ends=8 steps=1\n"
                                    "t: f32 1x8x4x4 = slice(a) axes=1 starts=0 ends=8 steps=1\n"
                                    "u: f32 1x8x4x4 = binary(s, t)\n"
                                    "y: f32 1x8x4x4 = slice(b) axes=1 starts=0 ends=8 steps=1\n"
                                    "return y, u\n"),
              UnorderedElementsAre("t"));
}

TEST(PartRules, PartsAreWrittenByStepsOfTheirOwn) {
  EXPECT_THAT(views_behind_branches("s: f32 1x8x4x4 = slice(a) axes=1 starts=0 ends=8 steps=1\n"
                                    "c: f32 1x24x4x4 = concat(s, b)\n"
                                    "y: f32 1x24x4x4 = unary(c) fn=tanh\nreturn y\n"),
              UnorderedElementsAre("s"));
}

/// Branches of 16 and 32 channels joined twice, then cut in two.
Graph branches() {
  ZooMaker z(8);
  const Activation relu = {Function::kRelu};
  ValueId x = z.act(z.conv(z.x, 16, {}), relu);
  for (int i = 0; i < 2; ++i)
    x = z.concat({z.conv(x, 16, {.kernel = 1}), z.act(z.conv(x, 32, {}), relu), z.pool(PoolKind::kMax, x, 3, 1, 1)});
  const auto half = [&](std::int64_t from) {
    return z.net.node(Slice{{1}, {from}, {from + 48}, {1}}, {x}, z.called("slice"));
  };
  return z.classifier(z.add(half(0), z.conv(half(48), 48, {})), 3);
}

/// Every value that is no view or part in bytes of its own.
void spread(Plan& plan) {
  const Liveness live = liveness(plan);
  std::uint64_t end = 0;
  const auto take = [&](std::uint64_t bytes) {
    const std::uint64_t begin = end;
    end = (begin + bytes + 63) / 64 * 64;
    return begin;
  };
  std::vector<std::uint64_t> begin(plan.values.size());
  for (std::size_t id = 0; id < begin.size(); ++id)
    if (plan.values[id].place == Place::kArena && live.root[id] == static_cast<ValueId>(id))
      begin[id] = take(value_bytes(plan, static_cast<ValueId>(id)));
  for (std::size_t id = 0; id < begin.size(); ++id)
    if (plan.values[id].place == Place::kArena)
      plan.values[id].offset = begin[static_cast<std::size_t>(live.root[id])] + live.offset[id];
  for (PlanStep& step : plan.steps)
    if (step.scratch_bytes > 0) step.scratch_offset = take(step.scratch_bytes);
  plan.arena_bytes = end;
}

/// Steps of concats and slices.
std::ptrdiff_t copies(const Plan& plan) {
  return std::ranges::count_if(plan.steps, [&](const PlanStep& step) {
    const Op& op = plan.graph.nodes()[static_cast<std::size_t>(step.node)].op;
    return std::holds_alternative<Concat>(op) || std::holds_alternative<Slice>(op);
  });
}

class PartsOfPlans : public testing::TestWithParam<std::tuple<Layout, std::int64_t>> {
 protected:
  Engine build(const Graph& graph, bool parts = true) {
    CompileOptions options;
    options.parts = parts;
    options.opt_level = 0;
    options.threads = 1;
    TimingCache cache;
    CostTable costs(cpu_backend_for_tests(), *device, options, cache);
    BlobStore blobs;
    Engine engine;
    engine.info.backend = "cpu";
    engine.info.fingerprint = device->info().fingerprint();
    engine.info.isa = device->info().isa;
    engine.info.pixel_input = false;
    engine.plans = {lower(graph, choose_layouts(graph, costs, {1, std::get<0>(GetParam())}), costs, blobs)};
    engine.blobs = blobs.take();
    return engine;
  }

  Tensor run(Engine engine, const Tensor& input) {
    deserialize(serialize(engine));  // obeys the rules of the file
    const auto executor = Executor::make(std::make_shared<Engine>(std::move(engine)), cpu_backend_for_tests(), device);
    ExecutionContext context(executor, 1);
    Tensor output(DType::kF32, {input.shape()[0], 10});
    context.run(input.bytes(), input.shape()[0], output.data<float>());
    return output;
  }

  std::shared_ptr<Device> device = cpu_backend_for_tests().open(Isa::kAmx, 0);
};

TEST_P(PartsOfPlans, NeedNoStepsForOneImageAndChangeNothing) {
  const std::int64_t batch = std::get<1>(GetParam());
  Graph graph = branches();
  graph.set_batch(batch);
  Engine engine = build(graph);
  Plan& plan = engine.plans[0];
  EXPECT_EQ(copies(plan), batch == 1 ? 0 : 4);
  EXPECT_EQ(copies(build(graph, false).plans[0]), 4);
  const Tensor input = random_tensor(DType::kF32, {batch, 3, 8, 8}, 9);
  const Tensor expected = run_reference(graph, std::span(&input, 1))[0];
  const Tensor packed = run(engine, input);
  expect_close(packed, expected, 1e-4, 1e-3);
  spread(plan);
  EXPECT_TRUE(run(engine, input).same(packed)) << "the memory plan changes results";
}

INSTANTIATE_TEST_SUITE_P(Layouts, PartsOfPlans,
                         testing::Combine(testing::Values(Layout::kPlain, Layout::kBlocked16), testing::Values(1, 2)),
                         [](const auto& given) {
                           return std::string(name(std::get<0>(given.param))) + "_" +
                                  std::to_string(std::get<1>(given.param));
                         });

}  // namespace
}  // namespace fovea
