#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace fovea {

/// Milliseconds. Percentiles are nearest-rank: the smallest sample that at least that share of the samples reaches.
struct LatencySummary {
  double p50 = 0, p90 = 0, p99 = 0, min = 0, mean = 0;
  std::vector<double> samples;  ///< in the order of the runs
};
LatencySummary summarize_latency(std::vector<double> milliseconds);  ///< kInvalidArgument when empty

struct LatencyOptions {
  double seconds = 2;  ///< of measuring, all functions together; stops after at least min_runs of each
  int min_runs = 10;
  int max_runs = 1'000'000;
  int warm_up = 3;  ///< runs before, not counted
};

LatencySummary measure_latency(const std::function<void()>& run, const LatencyOptions& options = {});

/// Several candidates in turns, so that a change of the machine's speed meets all of them; each round in another order
/// (rotated). Results in the order given.
struct NamedRun {
  std::string name;
  std::function<void()> run;
};
std::vector<LatencySummary> measure_interleaved(const std::vector<NamedRun>& candidates,
                                                const LatencyOptions& options = {});

nlohmann::json to_json(const LatencySummary& summary);  ///< {p50, p90, p99, min}

}  // namespace fovea
