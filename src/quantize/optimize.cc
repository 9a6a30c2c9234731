#include "quantize/optimize.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/io/hash.h"
#include "base/log/log.h"
#include "base/log/progress.h"
#include "base/parallel/parallel.h"
#include "compiler/build_bare.h"
#include "compiler/target.h"
#include "eval/engine_runner.h"
#include "eval/latency.h"
#include "quantize/calibration_choice.h"

namespace fovea {
namespace {

constexpr double kTie = 1.02;  ///< plans within 2 % count as equally fast: the more precise wins

/// A candidate with what it takes to judge it.
struct Built {
  CandidatePlan plan;
  TypedGraph typed;
  CompileResult compiled;
  std::shared_ptr<const Engine> engine;
  std::shared_ptr<const Executor> executor;
  std::string key;  ///< of the whole plan in the timing cache
};

/// Most precise first: the order of preference among equals.
std::vector<Precision> precisions_to_try(const Graph& base, const OptimizeData& data, const OptimizeOptions& options) {
  if (options.precision != Precision::kAuto) return {options.precision};
  std::vector<Precision> wanted = {Precision::kFp32};
  if (data.validation.empty()) return wanted;  // nothing could prove a lower precision
  wanted.push_back(Precision::kBf16);
  if (!data.calibration.empty() || is_quantized(base)) wanted.push_back(Precision::kInt8);
  return wanted;
}

class Optimizer {
 public:
  Optimizer(const FrontEnd& front, const FrontEnd* against, EngineInfo info, const Backend& backend,
            std::shared_ptr<Device> device, const OptimizeData& data, const OptimizeOptions& options,
            TimingCache& cache)
      : front_(front),
        against_(against != nullptr ? *against : front),
        target_{backend, device, target_context(backend, device->info(), options.compile.threads), std::move(info)},
        data_(data),
        options_(options),
        cache_(cache) {
    target_.info.backend = backend.name();
    target_.info.fingerprint = device->info().fingerprint();
    target_.info.isa = device->info().isa;
    target_.info.model_output = front.model_output;
  }

  OptimizeResult run() {
    result_.base = front_.graph;
    result_.passes = run_passes(result_.base, passes_before_calibration(), target_.context);
    const std::vector<Precision> wanted = precisions_to_try(result_.base, data_, options_);
    calibrate_if_needed(wanted);
    for (const Precision precision : wanted) try_precision(precision);
    judge();
    time_plans();
    return choose();
  }

 private:
  void calibrate_if_needed(const std::vector<Precision>& wanted) {
    if (std::ranges::find(wanted, Precision::kInt8) == wanted.end() || is_quantized(result_.base)) return;
    require(!data_.calibration.empty(), ErrorKind::kInvalidArgument,
            "[build] int8 needs images to calibrate with: give --data DIR (or a model that holds Q/DQ nodes)");
    CalibrationResult calibrated = calibrate(front_, result_.base, target_, data_, options_);
    result_.ranges = std::move(calibrated.ranges);
    result_.calibration_method = std::move(calibrated.method);
    result_.calibration_images = calibrated.images;
  }

  /// In auto mode a precision that the machine lacks is a candidate with a reason, not an error.
  void try_precision(Precision precision) {
    Built built;
    built.plan.precision = precision;
    try {
      log_debug("building {}", name(precision));
      built.typed = lower_to(result_.base, precision, result_.ranges, options_.keep, target_.context);
      built.compiled = compile(built.typed.graph, target_.backend, *target_.device, options_.compile, cache_);
    } catch (const Error& error) {
      if (options_.precision != Precision::kAuto || error.kind() != ErrorKind::kUnsupported) throw;
      built.plan.reason = error.message();
      result_.candidates.push_back(built.plan);
      return;
    }
    Engine engine;
    engine.info = target_.info;
    engine.info.precision = name(precision);
    engine.plans = std::move(built.compiled.plans);
    engine.blobs = Blobs(std::move(built.compiled.blobs));
    const Bytes bytes = serialize(engine);
    built.plan.bytes = bytes.size();
    built.key = fmt::format("plan {} {} threads={}", target_.device->info().tuning_key(), content_hash(bytes),
                            engine.plans.front().threads);
    built.engine = std::make_shared<const Engine>(std::move(engine));
    built.plan.engine = built.engine;
    built.executor = Executor::make(built.engine, target_.backend, target_.device);
    built_.push_back(std::move(built));
  }

  EvalResult evaluate_with(std::shared_ptr<const Executor> executor, const std::string& label) const {
    EngineRunner runner(std::move(executor));
    EvalOptions evaluating;
    evaluating.limits = options_.limits;
    Progress progress(label, static_cast<std::int64_t>(data_.validation.size()), "images");
    int seen = 0;
    evaluating.progress = [&](int done, int) {
      progress.advance(done - seen);
      seen = done;
    };
    return evaluate(runner, *data_.validation_set, data_.validation, evaluating);
  }

  void judge() {
    if (data_.validation.empty()) return;
    const auto plain =
        bare_engine(against_.graph, target_.info, target_.backend, *target_.device, {1}, options_.compile.threads);
    const EvalResult before = evaluate_with(Executor::make(plain, target_.backend, target_.device), "gate: before");
    for (Built& built : built_) {
      const EvalResult after = evaluate_with(built.executor, fmt::format("gate: {}", name(built.plan.precision)));
      built.plan.gate = check_gate(before, after, options_.gate);
      if (!built.plan.gate->passed)
        built.plan.reason = fmt::format("loses {:.2f} points, the limit is {:.2f}",
                                        built.plan.gate->difference.drop_points, options_.gate.max_drop_points);
    }
  }

  /// Whole plans, batch of the first profile, in turns; times are entries of the timing cache, so that a build with the
  /// same cache chooses the same.
  void time_plans() {
    if (options_.compile.opt_level == 0) return;
    const bool known =
        std::ranges::all_of(built_, [&](const Built& built) { return cache_.find(built.key).has_value(); });
    if (!known && built_.size() > 1) {
      std::vector<std::unique_ptr<ExecutionContext>> contexts;
      std::vector<NamedRun> runs;
      std::vector<Bytes> inputs;
      std::vector<std::vector<float>> outputs;
      inputs.reserve(built_.size());
      outputs.reserve(built_.size());
      for (const Built& built : built_) {
        const std::int64_t batch = built.engine->plans.front().batch;
        inputs.emplace_back(input_bytes_per_image(*built.engine) * static_cast<std::size_t>(batch));
        outputs.emplace_back(static_cast<std::size_t>(output_classes(*built.engine)) * static_cast<std::size_t>(batch));
        contexts.push_back(std::make_unique<ExecutionContext>(built.executor));
        runs.push_back({std::string(name(built.plan.precision)),
                        [context = contexts.back().get(), &input = inputs.back(), &output = outputs.back(), batch] {
                          context->run(input, batch, output);
                        }});
      }
      LatencyOptions timing;
      timing.seconds = 2;
      const std::vector<LatencySummary> measured = measure_interleaved(runs, timing);
      for (std::size_t i = 0; i < built_.size(); ++i) cache_.put(built_[i].key, measured[i].min * 1e3);
    }
    for (Built& built : built_) built.plan.latency_ms = cache_.find(built.key).value_or(0) / 1e3;
  }

  OptimizeResult choose() {
    Built* best = nullptr;
    for (Built& built : built_) {
      if (built.plan.gate && !built.plan.gate->passed && !options_.keep_failed) continue;
      if (best == nullptr || built.plan.latency_ms * kTie < best->plan.latency_ms) best = &built;
    }
    if (best == nullptr) refuse();
    best->plan.chosen = true;
    for (Built& built : built_) {
      if (!built.plan.chosen && built.plan.reason.empty()) built.plan.reason = "another that passes is faster";
      result_.candidates.push_back(built.plan);
    }
    result_.engine = *best->engine;
    result_.chosen = best->plan.precision;
    result_.compiled = std::move(best->compiled);
    result_.gate = best->plan.gate;
    result_.fallbacks = best->typed.fallbacks;
    result_.passes.insert(result_.passes.end(), best->typed.passes.begin(), best->typed.passes.end());
    return std::move(result_);
  }

  [[noreturn]] void refuse() const {
    const GateResult& gate = *built_.back().plan.gate;
    fail(ErrorKind::kGateFailed,
         "gate failed: {} loses {:.2f} points ({} of {} images net, {} allowed), limit {:.2f}; no engine is written "
         "(--max-drop, --keep NODE=fp32 or --precision auto may help)",
         name(built_.back().plan.precision), gate.difference.drop_points, gate.difference.net_lost(),
         gate.difference.images, gate.allowed_losses, gate.max_drop_points);
  }

  const FrontEnd& front_;
  const FrontEnd& against_;
  OptimizeTarget target_;
  const OptimizeData& data_;
  const OptimizeOptions& options_;
  TimingCache& cache_;
  std::vector<Built> built_;
  OptimizeResult result_;
};

}  // namespace

OptimizeResult optimize(const FrontEnd& front, const FrontEnd* against, EngineInfo info, const Backend& backend,
                        std::shared_ptr<Device> device, const OptimizeData& data, const OptimizeOptions& options,
                        TimingCache& cache) {
  return Optimizer(front, against, std::move(info), backend, std::move(device), data, options, cache).run();
}

}  // namespace fovea
