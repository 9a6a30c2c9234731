#include "eval/latency.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include "base/cancel.h"
#include "base/error.h"
#include "base/log/clock.h"

namespace fovea {

LatencySummary summarize_latency(std::vector<double> milliseconds) {
  require(!milliseconds.empty(), ErrorKind::kInvalidArgument, "[latency] no samples");
  std::vector<double> sorted = milliseconds;
  std::sort(sorted.begin(), sorted.end());
  const auto n = static_cast<double>(sorted.size());
  const auto rank = [&](double q) { return sorted[static_cast<std::size_t>(std::max(1.0, std::ceil(q * n))) - 1]; };
  const double mean = std::accumulate(sorted.begin(), sorted.end(), 0.0) / n;
  return {rank(0.5), rank(0.9), rank(0.99), sorted.front(), mean, std::move(milliseconds)};
}

LatencySummary measure_latency(const std::function<void()>& run, const LatencyOptions& options) {
  return measure_interleaved({{"", run}}, options).front();
}

std::vector<LatencySummary> measure_interleaved(const std::vector<NamedRun>& candidates,
                                                const LatencyOptions& options) {
  for (const NamedRun& candidate : candidates)
    for (int i = 0; i < options.warm_up; ++i) candidate.run();
  std::vector<std::vector<double>> samples(candidates.size());
  const Stopwatch total;
  for (int round = 0; round < options.max_runs && (round < options.min_runs || total.seconds() < options.seconds);
       ++round) {
    throw_if_cancelled();
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      const std::size_t which = (i + static_cast<std::size_t>(round)) % candidates.size();
      const Stopwatch watch;
      candidates[which].run();
      samples[which].push_back(watch.milliseconds());
    }
  }
  std::vector<LatencySummary> summaries;
  for (std::vector<double>& each : samples) summaries.push_back(summarize_latency(std::move(each)));
  return summaries;
}

nlohmann::json to_json(const LatencySummary& summary) {
  return {{"p50", summary.p50}, {"p90", summary.p90}, {"p99", summary.p99}, {"min", summary.min}};
}

}  // namespace fovea
