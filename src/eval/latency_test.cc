#include "eval/latency.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.h"

namespace fovea {
namespace {

TEST(Latency, SummarisesByNearestRank) {
  std::vector<double> samples;
  for (int i = 100; i >= 1; --i) samples.push_back(i);
  const LatencySummary summary = summarize_latency(samples);
  EXPECT_EQ(summary.p50, 50);
  EXPECT_EQ(summary.p90, 90);
  EXPECT_EQ(summary.p99, 99);
  EXPECT_EQ(summary.min, 1);
  EXPECT_DOUBLE_EQ(summary.mean, 50.5);
  EXPECT_EQ(summary.samples, samples);
  const LatencySummary one = summarize_latency({7});
  EXPECT_EQ(one.p50, 7);
  EXPECT_EQ(one.p99, 7);
  EXPECT_THROW(summarize_latency({}), Error);
  const nlohmann::json json = to_json(summary);
  EXPECT_EQ(json.size(), 4U);
  EXPECT_EQ(json.at("p90"), 90);
}

TEST(Latency, MeasuresInTurns) {
  std::string order;
  const std::vector<NamedRun> runs = {{"a", [&] { order += 'a'; }}, {"b", [&] { order += 'b'; }}};
  const auto summaries = measure_interleaved(runs, {.seconds = 0, .min_runs = 4, .max_runs = 100, .warm_up = 1});
  EXPECT_EQ(order,
            "ab"
            "ab"
            "ba"
            "ab"
            "ba");
  ASSERT_EQ(summaries.size(), 2U);
  EXPECT_EQ(summaries[0].samples.size(), 4U);
}

TEST(Latency, StopsAtTheMostRuns) {
  int runs = 0;
  const auto summary = measure_latency([&] { ++runs; }, {.seconds = 1e6, .min_runs = 1, .max_runs = 5, .warm_up = 2});
  EXPECT_EQ(runs, 7);
  EXPECT_EQ(summary.samples.size(), 5U);
}

}  // namespace
}  // namespace fovea
