#include "compiler/race_plans.h"

#include <algorithm>

#include "base/cancel.h"
#include "base/error.h"
#include "base/io/hash.h"
#include "base/log/clock.h"
#include "compiler/lower.h"
#include "compiler/plan_runner.h"
#include "compiler/tactic_key.h"

namespace fovea {
namespace {

constexpr int kFewestRounds = 5, kMostRounds = 30;
constexpr double kMostSeconds = 2.0;
constexpr double kFarBehind = 1.15;    ///< of the fastest after a few rounds
constexpr double kWorthLooking = 1.5;  ///< predicted: slower ones are not timed

std::vector<LayoutPlan> contenders(const Graph& graph, CostTable& costs) {
  const LayoutOptions options[] = {{1, {}}, {0.5, {}}, {2, {}}, {1, Layout::kNhwc}, {1, Layout::kBlocked16}};
  std::vector<LayoutPlan> found;
  for (const LayoutOptions& option : options) {
    try {
      LayoutPlan plan = choose_layouts(graph, costs, option);
      const bool known = std::ranges::any_of(found, [&](const LayoutPlan& p) { return p.nodes == plan.nodes; });
      const bool slow = !found.empty() && plan.microseconds > kWorthLooking * found[0].microseconds;
      if (!known && !slow) found.push_back(std::move(plan));
    } catch (const Error& error) {
      if (found.empty() || error.kind() != ErrorKind::kUnsupported) throw;  // one layout throughout may not fit
    }
  }
  return found;
}

std::string key_of(const Graph& graph, const LayoutPlan& plan, const CostTable& costs) {
  std::string steps;
  for (std::size_t n = 0; n < plan.nodes.size(); ++n) {
    const Candidate& candidate = *plan.nodes[n];
    const NodeView view =
        with_layouts(plain_view(graph, graph.nodes()[n], costs.threads()), candidate.inputs, candidate.outputs);
    steps += fmt::format("{} {} {}\n", view_key(view), candidate.tactic ? candidate.tactic->name : "view",
                         candidate.config.str());
  }
  return fmt::format("plan {} batch={} threads={} | {}", content_hash(as_bytes(steps)), graph.batch(), costs.threads(),
                     costs.device().info().tuning_key());
}

struct Racer {
  std::size_t plan;
  std::unique_ptr<PlanRunner> runner;
  double best = 1e300;
};

void race(std::vector<Racer>& racers) {
  const Stopwatch watch;
  for (Racer& racer : racers) racer.runner->run();  // warms up
  std::vector<Racer*> racing;
  for (Racer& racer : racers) racing.push_back(&racer);
  for (int round = 0; round < kMostRounds && (round < kFewestRounds || watch.seconds() < kMostSeconds); ++round) {
    for (Racer* racer : racing) {
      throw_if_cancelled();
      racer->best = std::min(racer->best, racer->runner->run());
    }
    const double best = (*std::ranges::min_element(racing, {}, &Racer::best))->best;
    if (round + 1 >= kFewestRounds) std::erase_if(racing, [&](const Racer* r) { return r->best > kFarBehind * best; });
  }
}

}  // namespace

LayoutPlan fastest_plan(const Graph& graph, CostTable& costs, TimingCache& cache) {
  std::vector<LayoutPlan> plans = contenders(graph, costs);
  std::vector<std::string> keys;
  for (const LayoutPlan& plan : plans) keys.push_back(key_of(graph, plan, costs));
  if (!std::ranges::all_of(keys, [&](const std::string& key) { return cache.find(key).has_value(); })) {
    std::vector<Racer> racers;
    for (std::size_t i = 0; i < plans.size(); ++i) {
      BlobStore blobs;
      const Plan plan = lower(graph, plans[i], costs, blobs);
      racers.push_back({i, std::make_unique<PlanRunner>(plan, blobs.take(), costs.backend(), costs.device())});
    }
    race(racers);
    for (const Racer& racer : racers) cache.put(keys[racer.plan], racer.best);
    ++cache.misses;
  }
  std::size_t best = 0;
  for (std::size_t i = 0; i < plans.size(); ++i) {
    plans[i].microseconds = *cache.find(keys[i]);
    if (plans[i].microseconds < plans[best].microseconds) best = i;
  }
  return std::move(plans[best]);
}

}  // namespace fovea
