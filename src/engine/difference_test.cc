#include "engine/difference.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "engine/step_cost.h"
#include "testing/plain_engine.h"

namespace fovea {
namespace {

Engine engine_of(const Graph& graph) {
  static const std::shared_ptr<Device> device = cpu_backend_for_tests().open(Isa::kAmx, 0);
  return plain_engine(graph, cpu_backend_for_tests(), *device);
}

TEST(Difference, IsEmptyForEqualEnginesAndNamesWeightsNodesAndFigures) {
  const Engine one = engine_of(tiny_classifier(4, 1)), same = engine_of(tiny_classifier(4, 1));
  EXPECT_TRUE(difference(one, same).rows.empty());
  const EngineDifference weights = difference(one, engine_of(tiny_classifier(4, 2)));
  ASSERT_FALSE(weights.rows.empty());
  for (const EngineDifference::Row& row : weights.rows) EXPECT_EQ(row.what, "weights") << row.node;
  const EngineDifference shapes = difference(one, engine_of(tiny_classifier(5, 1)));
  EXPECT_TRUE(std::ranges::any_of(shapes.rows, [](const auto& row) { return row.what == "shape"; }));
  Engine fewer = same;
  const Plan& plan = fewer.plans[0];
  const std::string last = plan.graph.nodes()[static_cast<std::size_t>(plan.steps.back().node)].name;
  fewer.plans[0].steps.pop_back();
  fewer.info.precision = "int8";
  const EngineDifference found = difference(one, fewer);
  ASSERT_EQ(found.rows.size(), 2U);
  EXPECT_EQ(found.rows[0].what, "precision");
  EXPECT_EQ(found.rows[1].what, "only before");
  EXPECT_EQ(found.rows[1].node, last);
}

TEST(StepCost, CountsWorkAndBytesOnce) {
  const Engine engine = engine_of(tiny_classifier(4, 1));
  const Plan& plan = engine.plans[0];
  std::int64_t sum = 0;
  for (const PlanStep& step : plan.steps) {
    const StepCost cost = step_cost(engine, plan, step);
    sum += cost.macs;
    EXPECT_GT(cost.value_bytes, 0U);
    EXPECT_EQ(cost.weight_bytes > 0, step.blob >= 0);
  }
  EXPECT_EQ(sum, macs(plan.graph));
}

}  // namespace
}  // namespace fovea
