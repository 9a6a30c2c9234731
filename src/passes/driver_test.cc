#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "base/error.h"
#include "graph/text.h"
#include "graph/verify.h"
#include "passes/pass.h"
#include "testing/graph_random.h"
#include "testing/rewrite_case.h"

namespace fovea {
namespace {

constexpr std::string_view kTwoNodes =
    "input x: f32 1x2x2x2\n"
    "y: f32 1x2x2x2 = unary(x) fn=relu\n"
    "z: f32 1x2x2x2 = unary(y) fn=tanh\n"
    "return z\n";

bool remove_last_name(Graph& graph, const PassContext&) {
  graph.nodes()[0].name.clear();
  return true;
}
bool turn_over(Graph& graph, const PassContext&) {
  auto& fn = std::get<Unary>(graph.nodes()[0].op).fn;
  fn.function = fn.function == Function::kRelu ? Function::kAbs : Function::kRelu;
  return true;
}
bool nothing(Graph&, const PassContext&) { return false; }

TEST(PassDriver, NamesThePassThatBreaksTheGraph) {
  Graph graph = parse_graph(kTwoNodes);
  const std::array passes = {Pass{"nothing", "", nothing}, Pass{"vandal", "", remove_last_name}};
  try {
    run_passes(graph, passes, {});
    FAIL() << "went on";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInternal);
    EXPECT_THAT(error.message(), testing::HasSubstr("vandal broke the graph"));
  }
}

TEST(PassDriver, StopsWhereTwoPassesUndoEachOther) {
  Graph graph = parse_graph(kTwoNodes);
  int runs = 0;
  PassOptions options;
  options.dump = [&](std::string_view pass, const Graph&) { runs += pass == "turn_over"; };
  const std::array passes = {Pass{"turn_over", "", turn_over}};
  const auto reports = run_passes(graph, passes, {}, options);
  EXPECT_EQ(runs, 10);
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_TRUE(reports[0].changed);
  EXPECT_EQ(reports[0].nodes_before, 2);
  EXPECT_EQ(reports[0].nodes_after, 2);
}

TEST(PassDriver, SkipsByNameAndDumpsOnlyChanges) {
  Graph graph = parse_graph(kTwoNodes);
  std::vector<std::string> dumped;
  PassOptions options;
  options.skip = {"turn_over"};
  options.dump = [&](std::string_view pass, const Graph&) { dumped.emplace_back(pass); };
  const std::array passes = {Pass{"turn_over", "", turn_over}, Pass{"nothing", "", nothing}};
  const auto reports = run_passes(graph, passes, {}, options);
  EXPECT_TRUE(dumped.empty());
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_EQ(reports[0].name, "nothing");
}

TEST(Pipeline, ReportsWhatEachPassAddedAndRemoved) {
  Graph graph = random_cnn(1);
  const auto nodes = static_cast<int>(graph.nodes().size());
  int difference = 0;
  for (const PassReport& report : run_passes(graph, passes_before_calibration(), {})) {
    difference += report.nodes_after - report.nodes_before;
    EXPECT_TRUE(report.changed || report.nodes_after == report.nodes_before) << report.name;
  }
  EXPECT_LT(difference, 0);
  EXPECT_EQ(difference, static_cast<int>(graph.nodes().size()) - nodes);
}

TEST(Pipeline, EveryPassAloneKeepsWhatRandomNetsCompute) {
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    const Graph original = random_cnn(seed);
    for (const Pass& pass : passes_before_calibration()) {
      SCOPED_TRACE(std::string(pass.name) + ", seed " + std::to_string(seed));
      Graph graph = original;
      run_passes(graph, std::span(&pass, 1), {});
      expect_same_results(original, graph, 1e-3);
    }
  }
}

TEST(Pipeline, AllPassesTogetherKeepWhatRandomNetsCompute) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(seed);
    const Graph original = random_cnn(seed);
    Graph graph = original;
    run_passes(graph, passes_before_calibration(), {});
    expect_same_results(original, graph, 1e-3);
    EXPECT_LT(graph.nodes().size(), original.nodes().size());
    for (const Node& node : graph.nodes()) {
      EXPECT_FALSE(std::holds_alternative<BatchNorm>(node.op)) << node.name;
      EXPECT_FALSE(std::holds_alternative<Dropout>(node.op)) << node.name;
    }
  }
}

TEST(Pipeline, LeavesTheBatchFree) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Graph original = random_cnn(seed), graph = original;
    run_passes(graph, passes_before_calibration(), {});
    original.set_batch(3);
    graph.set_batch(3);
    expect_same_results(original, graph, 1e-3);
  }
}

/// The last factor of GELU could go into the weights behind it, and what is left would be no GELU.
TEST(PassPipeline, RecognizesActivationsBeforeTheirFactorsFold) {
  Graph graph = parse_graph(
      "input x: f32 1x1x2x2\n"
      "const v: f32 2x1x1x1 {1, 2}\n"
      "const w: f32 1x2x1x1 {3, 4}\n"
      "const half: f32 scalar {0.5}\n"
      "const one: f32 scalar {1}\n"
      "const root: f32 scalar {1.4142135}\n"
      "c: f32 1x2x2x2 = conv2d(x, v)\n"
      "d: f32 1x2x2x2 = binary(c, root) kind=div\n"
      "e: f32 1x2x2x2 = unary(d) fn=erf\n"
      "g: f32 1x2x2x2 = binary(e, one)\n"
      "m: f32 1x2x2x2 = binary(c, g) kind=mul\n"
      "h: f32 1x2x2x2 = binary(m, half) kind=mul\n"
      "y: f32 1x1x2x2 = conv2d(h, w)\n"
      "return y\n");
  const Graph before = graph;
  run_passes(graph, passes_before_calibration(), {});
  ASSERT_EQ(graph.nodes().size(), 2U);
  EXPECT_EQ(std::get<Conv2d>(graph.nodes()[0].op).act.function, Function::kGelu);
  expect_same_results(before, graph);
}

}  // namespace
}  // namespace fovea
