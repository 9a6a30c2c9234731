#include "quantize/optimize.h"

#include <algorithm>

#include "base/error.h"
#include "base/log/log.h"
#include "compiler/target.h"
#include "quantize/candidate.h"
#include "quantize/judge.h"
#include "quantize/mixed_precision.h"
#include "quantize/range_safety.h"
#include "quantize/sensitivity.h"

namespace fovea {
namespace {

constexpr double kTie = 1.02;  ///< plans within 2 % count as equally fast: the more precise wins
constexpr int kRoundingLevel = 5;

/// Most precise first: the order of preference among equals.
std::vector<Precision> precisions_to_try(const Graph& base, const OptimizeData& data, const OptimizeOptions& options,
                                         bool gpu) {
  if (options.precision != Precision::kAuto) return {options.precision};
  std::vector<Precision> wanted = {Precision::kFp32};
  if (data.validation.empty()) return wanted;   // nothing could prove a lower precision
  if (gpu) wanted.push_back(Precision::kFp16);  // more digits than bf16 at the same speed
  wanted.push_back(Precision::kBf16);
  if (!data.calibration.empty() || is_quantized(base)) wanted.push_back(Precision::kInt8);
  return wanted;
}

/// A GPU's tensor cores take s8 around 0.
CalibrateOptions calibrate_options(const OptimizeOptions& options, bool gpu) {
  QuantizeForm form = options.form;
  if (gpu) form.numbers = QuantizedNumbers::kSigned;
  return {options.calibration, form,          options.keep, options.compile.opt_level >= kRoundingLevel,
          options.calib_cache, options.limits};
}

class Optimizer {
 public:
  Optimizer(const FrontEnd& front, const FrontEnd* against, EngineInfo info, const Backend& backend,
            std::shared_ptr<Device> device, const OptimizeData& data, const OptimizeOptions& options,
            TimingCache& cache)
      : front_(front),
        target_{backend, device, target_context(backend, device->info(), options.compile.threads), std::move(info),
                options.compile.threads},
        data_(data),
        options_(options),
        cache_(cache),
        plain_(front, target_, data, options.limits),
        judge_(against != nullptr ? *against : front, target_, data, options) {
    target_.info.model_output = front.model_output;
  }

  OptimizeResult run() {
    result_.base = front_.graph;
    result_.passes = run_passes(result_.base, passes_before_calibration(), target_.context);
    const std::vector<Precision> wanted =
        precisions_to_try(result_.base, data_, options_, target_.device->info().compute_capability > 0);
    calibrate_if_needed(wanted);
    for (const Precision precision : wanted) try_precision(precision);
    if (options_.precision == Precision::kAuto) try_mixes();
    if (options_.compile.opt_level > 0) race(built_, cache_);
    return finish(choose());
  }

 private:
  void calibrate_if_needed(const std::vector<Precision>& wanted) {
    if (std::ranges::find(wanted, Precision::kInt8) == wanted.end() || is_quantized(result_.base)) return;
    require(!data_.calibration.empty(), ErrorKind::kInvalidArgument,
            "[build] int8 needs images to calibrate with: give --data DIR (or a model that holds Q/DQ nodes)");
    calibrated_ = calibrate(result_.base, plain_, target_, data_,
                            calibrate_options(options_, target_.device->info().compute_capability > 0));
  }

  PrecisionPlan plan_for(Precision precision) {
    PrecisionPlan plan{precision, Precision::kFp32, {}, options_.keep};
    if ((precision == Precision::kBf16 || precision == Precision::kFp16) && !data_.calibration.empty())
      plan.widened = unsafe_nodes(result_.base, plain_, target_, data_, options_.limits, plan);
    return plan;
  }

  /// In auto mode a precision that the machine lacks is a candidate with a reason, not an error.
  void try_precision(Precision precision) {
    try {
      log_debug("building {}", name(precision));
      const PrecisionPlan plan = plan_for(precision);
      if (precision == Precision::kBf16) unsafe_ = plan.widened;
      TypedGraph typed = lower_to(result_.base, plan, calibrated_.recipe, target_.context);
      built_.push_back(build_candidate(precision, std::move(typed), target_, options_.compile, cache_));
    } catch (const Error& error) {
      if (options_.precision != Precision::kAuto || error.kind() != ErrorKind::kUnsupported) throw;
      CandidatePlan missing;
      missing.precision = precision;
      missing.label = name(precision);
      missing.reason = error.message();
      result_.candidates.push_back(std::move(missing));
    }
  }

  Built* find(Precision precision) {
    const auto found = std::ranges::find(built_, precision, [](const Built& built) { return built.plan.precision; });
    return found == built_.end() ? nullptr : &*found;
  }

  /// Mixes of int8 and wider nodes: where int8 costs time, and, if it does not pass the gate, where it costs accuracy.
  void try_mixes() {
    Built* int8 = find(Precision::kInt8);
    Built* wide = find(Precision::kBf16) != nullptr ? find(Precision::kBf16) : find(Precision::kFp32);
    if (int8 == nullptr || wide == nullptr || calibrated_.key.empty() || options_.compile.opt_level == 0) return;
    const bool passes = judge_.passes(*int8);
    const bool faster = int8->compiled.predicted_microseconds * kTie < wide->compiled.predicted_microseconds;
    const std::string wide_name(name(wide->plan.precision));
    std::vector<NodeCost> costs = node_costs(*int8, *wide);
    std::vector<Mix> mixes;
    if (!passes && faster) {
      measure_if_needed();
      for (NodeCost& cost : costs) cost.divergence = calibrated_.found.report.sensitivity[cost.node];
      mixes = form_mixes(costs, wide_name);
    }
    Mix by_time = where_int8_pays(costs, wide_name);
    if (!by_time.widened.empty()) mixes.push_back(std::move(by_time));
    const Precision wide_precision = wide->plan.precision;
    for (const Mix& mix : mixes) add_mix(mix, wide_precision);
  }

  void measure_if_needed() {
    CachedCalibration& found = calibrated_.found;
    if (!found.report.sensitivity.empty()) return;
    found.report.sensitivity =
        measure_sensitivity(result_.base, calibrated_.recipe, options_.keep, target_, plain_.divergence());
    if (!options_.calib_cache.empty()) save_calibration(options_.calib_cache, calibrated_.key, found);
  }

  std::vector<NodeCost> node_costs(const Built& int8, const Built& wide) const {
    const std::map<std::string, double> narrow_us = node_microseconds(int8), wide_us = node_microseconds(wide);
    std::vector<NodeCost> costs;
    for (const Node& node : calibrated_.recipe.base.nodes()) {
      if (!is_quantizable(calibrated_.recipe.base, node) || options_.keep.contains(node.name)) continue;
      const auto narrow = narrow_us.find(node.name), slow = wide_us.find(node.name);
      if (narrow == narrow_us.end() || slow == wide_us.end()) continue;
      costs.push_back({node.name, 0, narrow->second, slow->second});
    }
    return costs;
  }

  void add_mix(const Mix& mix, Precision wide) {
    log_debug("building {}: {} nodes in {}", mix.label, mix.widened.size(), name(wide));
    PrecisionPlan plan{Precision::kInt8, wide, mix.widened, options_.keep};
    for (const auto& [node, reason] : unsafe_)
      if (const Node* found = result_.base.find_node(node);
          mix.widened.contains(node) || !is_quantizable(result_.base, *found))
        plan.keep.insert(node);  // f32, not bf16
    TypedGraph typed = lower_to(result_.base, plan, calibrated_.recipe, target_.context);
    Built built = build_candidate(Precision::kMixed, std::move(typed), target_, options_.compile, cache_);
    built.plan.label = mix.label;
    built.plan.widened = static_cast<int>(mix.widened.size());
    built.plan.predicted_divergence = mix.predicted_divergence;
    if (std::ranges::any_of(built_, [&](const Built& other) { return other.key == built.key; })) return;
    const auto less_precise = std::ranges::find_if(built_, [&](const Built& other) {
      return other.plan.precision == Precision::kInt8 ||
             other.plan.predicted_divergence > built.plan.predicted_divergence;
    });
    built_.insert(less_precise, std::move(built));
  }

  /// Fastest first, until one passes; then those that are as fast and more precise.
  Built& choose() {
    std::vector<Built*> order;
    for (Built& built : built_) order.push_back(&built);
    std::ranges::stable_sort(order, {}, [](const Built* built) { return built->plan.latency_ms; });
    const auto first = std::ranges::find_if(order, [&](Built* built) { return judge_.passes(*built); });
    if (first == order.end()) {
      if (!options_.keep_failed) refuse(*order.front());
      return *order.front();
    }
    const double as_fast = (*first)->plan.latency_ms * kTie;
    for (Built& built : built_)
      if (&built == *first || (built.plan.latency_ms <= as_fast && judge_.passes(built))) return built;
    return **first;
  }

  OptimizeResult finish(Built& best) {
    best.plan.chosen = true;
    for (Built& built : built_) {
      if (!built.plan.chosen && built.plan.reason.empty())
        built.plan.reason = options_.compile.opt_level == 0 ? "nothing is timed at opt-level 0: the most precise wins"
                                                            : "another that passes is faster";
      result_.candidates.push_back(built.plan);
    }
    result_.engine = *best.plan.engine;
    result_.chosen = best.plan.precision;
    result_.compiled = std::move(best.compiled);
    result_.gate = best.plan.gate;
    result_.fallbacks = best.typed.fallbacks;
    result_.calibration = std::move(calibrated_.found.report);
    for (const auto& [node, scales] : calibrated_.found.equalization) result_.equalized.push_back(node);
    result_.passes.insert(result_.passes.end(), best.typed.passes.begin(), best.typed.passes.end());
    return std::move(result_);
  }

  [[noreturn]] void refuse(const Built& built) const {
    const char* help = options_.precision == Precision::kAuto ? "--max-drop" : "--max-drop, --keep or --precision auto";
    throw GateRefused(*built.plan.gate,
                      fmt::format("{}; no engine is written ({} may help)", refusal(built.plan), help));
  }

  const FrontEnd& front_;
  OptimizeTarget target_;
  const OptimizeData& data_;
  const OptimizeOptions& options_;
  TimingCache& cache_;
  PlainResults plain_;
  Judge judge_;
  Calibrated calibrated_;
  std::map<std::string, std::string> unsafe_;  ///< nodes that overflow in bf16
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
