#include "quantize/candidate.h"

#include <algorithm>

#include "base/io/hash.h"
#include "base/log/log.h"
#include "eval/latency.h"

namespace fovea {

Built build_candidate(Precision precision, TypedGraph typed, const OptimizeTarget& target,
                      const CompileOptions& options, TimingCache& cache) {
  Built built;
  built.plan.precision = precision;
  built.plan.label = name(precision);
  built.typed = std::move(typed);
  built.compiled = compile(built.typed.graph, target.backend, *target.device, options, cache);
  Engine engine = engine_of(built.compiled, target.info, target.device->info());
  engine.info.precision = name(precision);
  const Bytes bytes = serialize(engine);
  built.plan.bytes = bytes.size();
  built.key = fmt::format("plan {} {} threads={}", target.device->info().tuning_key(), content_hash(bytes),
                          engine.plans.front().threads);
  built.plan.engine = std::make_shared<const Engine>(std::move(engine));
  built.executor = Executor::make(built.plan.engine, target.backend, target.device);
  return built;
}

namespace {

/// A context with input and output of its own.
struct Racer {
  Racer(const Built& built, std::size_t profile)
      : batch(built.plan.engine->plans[profile].batch),
        context(built.executor),
        input(input_bytes_per_image(*built.plan.engine) * static_cast<std::size_t>(batch)),
        output(static_cast<std::size_t>(output_classes(*built.plan.engine) * batch)) {}
  std::int64_t batch;
  ExecutionContext context;
  Bytes input;
  std::vector<float> output;
};

/// The first profile's is the plan's own.
std::string profile_key(const Built& built, std::size_t profile) {
  return profile == 0 ? built.key : fmt::format("{} batch={}", built.key, built.plan.engine->plans[profile].batch);
}

void race(std::vector<Built>& plans, std::size_t profile, TimingCache& cache) {
  constexpr double kSeconds = 0.7;  // each
  const bool known =
      std::ranges::all_of(plans, [&](const Built& b) { return cache.find(profile_key(b, profile)).has_value(); });
  if (!known && plans.size() > 1) {
    std::vector<std::unique_ptr<Racer>> racers;
    std::vector<NamedRun> runs;
    for (const Built& built : plans) {
      racers.push_back(std::make_unique<Racer>(built, profile));
      Racer* racer = racers.back().get();
      runs.push_back({built.plan.label, [racer] { racer->context.run(racer->input, racer->batch, racer->output); }});
    }
    LatencyOptions timing;
    timing.min_runs = 20;
    timing.seconds = kSeconds * static_cast<double>(plans.size());
    const std::vector<LatencySummary> measured = measure_interleaved(runs, timing);
    for (std::size_t i = 0; i < plans.size(); ++i) cache.put(profile_key(plans[i], profile), measured[i].min * 1e3);
  }
  for (Built& built : plans) built.plan.profile_ms.push_back(cache.find(profile_key(built, profile)).value_or(0) / 1e3);
}

}  // namespace

void race(std::vector<Built>& plans, TimingCache& cache) {
  for (Built& built : plans) built.plan.profile_ms.clear();
  if (plans.empty()) return;
  for (std::size_t profile = 0; profile < plans.front().plan.engine->plans.size(); ++profile)
    race(plans, profile, cache);
  for (Built& built : plans) built.plan.latency_ms = built.plan.profile_ms.front();
}

std::map<std::string, double> node_microseconds(const Built& built) {
  std::map<std::string, double> times;
  for (const TacticReport& step : built.compiled.tactics) times[step.node] += step.microseconds;
  return times;
}

}  // namespace fovea
