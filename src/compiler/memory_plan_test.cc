#include "compiler/memory_plan.h"

#include <gtest/gtest.h>

#include "compiler/compile.h"
#include "engine/liveness.h"
#include "graph/builder.h"
#include "passes/pass.h"
#include "testing/graph_random.h"
#include "testing/plain_engine.h"

namespace fovea {
namespace {

CompileResult compiled(const Graph& graph) {
  static const std::shared_ptr<Device> device = cpu_backend_for_tests().open(Isa::kAmx, 0);
  CompileOptions options;
  options.opt_level = 0;
  options.threads = 1;
  TimingCache cache;
  return compile(graph, cpu_backend_for_tests(), *device, options, cache);
}

void expect_apart(const Plan& plan) {
  const Liveness live = liveness(plan);
  const auto count = static_cast<ValueId>(plan.values.size());
  for (ValueId a = 0; a < count; ++a)
    for (ValueId b = a + 1; b < count; ++b) {
      const auto i = static_cast<std::size_t>(a), j = static_cast<std::size_t>(b);
      if (plan.values[i].place != Place::kArena || plan.values[j].place != Place::kArena) continue;
      if (live.root[i] != a || live.root[j] != b) continue;
      if (live.range[i].last < live.range[j].made || live.range[j].last < live.range[i].made) continue;
      const bool in_place = live.range[i].last == live.range[j].made || live.range[j].last == live.range[i].made;
      if (in_place && plan.values[i].offset == plan.values[j].offset) continue;
      const bool apart = plan.values[i].offset + value_bytes(plan, a) <= plan.values[j].offset ||
                         plan.values[j].offset + value_bytes(plan, b) <= plan.values[i].offset;
      EXPECT_TRUE(apart) << plan.graph.value(a).name << " and " << plan.graph.value(b).name;
    }
}

TEST(MemoryPlan, KeepsLivingValuesApart) {
  for (std::uint64_t seed = 1; seed < 20; ++seed) {
    const Plan plan = compiled(random_cnn(seed)).plans[0];
    expect_apart(plan);
    EXPECT_GE(memory_figures(plan).arena_bytes, memory_figures(plan).largest_live_set);
  }
}

/// Residual blocks and a concat of branches, sizes as in real networks but for the width.
Graph branched() {
  GraphBuilder build;
  ValueId x = build.input("x", {1, 16, 32, 32});
  for (int i = 0; i < 6; ++i) {
    const std::string n = "block" + std::to_string(i);
    const ValueId a = build.conv(n + ".a", x, 32, {.kernel = 1});
    const ValueId b = build.conv(n + ".b", a, 16, {});
    x = build.add(n + ".add", b, x);
    if (i % 2 == 1) {
      const ValueId left = build.conv(n + ".left", x, 8, {.kernel = 1}), right = build.conv(n + ".right", x, 8, {});
      x = build.node(Concat{1}, {left, right}, n + ".concat");
    }
  }
  return build.finish({build.linear("fc", build.flatten("flat", build.global_average_pool("pool", x)), 4)});
}

TEST(MemoryPlan, StaysNearTheLargestLiveSet) {
  const Plan plan = compiled(branched()).plans[0];
  expect_apart(plan);
  const MemoryFigures figures = memory_figures(plan);
  EXPECT_LE(static_cast<double>(figures.arena_bytes), 1.05 * static_cast<double>(figures.largest_live_set));
  EXPECT_LT(figures.arena_bytes, figures.sum_of_values / 3);
}

TEST(MemoryPlan, WritesElementwiseStepsInPlaceWhereTheirInputEnds) {
  GraphBuilder build;
  ValueId x = build.conv("conv", build.input("x", {1, 16, 16, 16}), 16, {});
  x = build.unary("sigmoid", x, {Function::kSigmoid});
  x = build.unary("tanh", x, {Function::kTanh});
  const ValueId sum = build.add("sum", x, build.unary("abs", x, {Function::kAbs}));
  const Graph graph =
      build.finish({build.linear("fc", build.flatten("flat", build.global_average_pool("pool", sum)), 4)});
  const Plan plan = compiled(graph).plans[0];
  expect_apart(plan);
  const auto offset = [&](const char* node) {
    const Node* found = plan.graph.find_node(node);
    return plan.values[static_cast<std::size_t>(found->outputs[0])].offset;
  };
  EXPECT_EQ(offset("sigmoid"), offset("conv"));
  EXPECT_EQ(offset("tanh"), offset("sigmoid"));
  EXPECT_NE(offset("abs"), offset("tanh")) << "tanh is read again";
  EXPECT_EQ(offset("sum"), offset("tanh"));
  const MemoryFigures figures = memory_figures(plan);
  EXPECT_LE(static_cast<double>(figures.arena_bytes), 1.05 * static_cast<double>(figures.largest_live_set));
}

TEST(MemoryPlan, ViewsLieWhereTheyLook) {
  const Plan plan = compiled(branched()).plans[0];
  const Node* flat = plan.graph.find_node("flat");
  ASSERT_NE(flat, nullptr);
  const ValuePlan& from = plan.values[static_cast<std::size_t>(flat->inputs[0])];
  const ValuePlan& to = plan.values[static_cast<std::size_t>(flat->outputs[0])];
  EXPECT_EQ(from.offset, to.offset);
  for (const PlanStep& step : plan.steps)
    EXPECT_NE(plan.graph.nodes()[static_cast<std::size_t>(step.node)].name, "flat");
}

}  // namespace
}  // namespace fovea
