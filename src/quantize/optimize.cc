#include "quantize/optimize.h"

#include <algorithm>

#include "base/error.h"
#include "base/log/log.h"
#include "compiler/target.h"
#include "quantize/candidate.h"
#include "quantize/combine_profiles.h"
#include "quantize/judge.h"
#include "quantize/mixed_precision.h"
#include "quantize/range_safety.h"
#include "quantize/sensitivity.h"

namespace fovea {
namespace {

constexpr double kTie = 1.02;    ///< plans within 2 % count as equally fast: the more precise wins
constexpr double kOther = 1.05;  ///< how much faster at another batch a plan must be to be taken there
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
  return {options.calibration, form,          options.keep, options.compile.opt_level >= kRoundingLevel, false,
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
    for (const Precision precision : wanted)
      if (!is_idle(precision)) try_precision(precision);
    if (options_.precision == Precision::kAuto) try_mixes();
    if (options_.compile.opt_level > 0) race(built_, cache_);
    return finish(choose());
  }

 private:
  void calibrate_if_needed(const std::vector<Precision>& wanted) {
    const bool float8 = wanted.front() == Precision::kFp8;
    if (!float8 && std::ranges::find(wanted, Precision::kInt8) == wanted.end()) return;
    require(!float8 || !is_quantized(result_.base), ErrorKind::kUnsupported,
            "[precision] this model holds Q/DQ nodes: it runs in int8 or, with them, in fp32, fp16 and bf16");
    if (is_quantized(result_.base)) return;
    require(!data_.calibration.empty(), ErrorKind::kInvalidArgument,
            "[build] {} needs images to calibrate with: give --data DIR (or a model that holds Q/DQ nodes)",
            float8 ? "fp8" : "int8");
    require(!float8 || target_.device->info().compute_capability > 0, ErrorKind::kUnsupported,
            "[precision] this machine has no tactic for fp8");
    calibrated_ = float8 ? calibrate_float8(result_.base, plain_, data_, options_.form, options_.limits)
                         : calibrate(result_.base, plain_, target_, data_,
                                     calibrate_options(options_, target_.device->info().compute_capability > 0));
  }

  PrecisionPlan plan_for(Precision precision) {
    require(precision != Precision::kTf32 || target_.device->info().compute_capability > 0, ErrorKind::kUnsupported,
            "[precision] this machine has no tactic for tf32");
    PrecisionPlan plan{precision, Precision::kFp32, {}, options_.keep};
    if ((precision == Precision::kBf16 || precision == Precision::kFp16) && !data_.calibration.empty())
      plan.widened = unsafe_nodes(result_.base, plain_, target_, data_, options_.limits, plan);
    return plan;
  }

  /// bf16 where fp16, which has more digits and is as fast, holds every value.
  bool is_idle(Precision precision) {
    const bool idle = precision == Precision::kBf16 && find(Precision::kFp16) != nullptr &&
                      unsafe_[Precision::kFp16].empty() && options_.precision == Precision::kAuto;
    if (idle) leave_out(precision, "fp16 has more digits and is in range everywhere");
    return idle;
  }

  void leave_out(Precision precision, std::string reason) {
    CandidatePlan missing;
    missing.precision = precision;
    missing.label = name(precision);
    missing.reason = std::move(reason);
    result_.candidates.push_back(std::move(missing));
  }

  /// In auto mode a precision that the machine lacks is a candidate with a reason, not an error.
  void try_precision(Precision precision) {
    try {
      log_debug("building {}", name(precision));
      const PrecisionPlan plan = plan_for(precision);
      if (precision == Precision::kBf16 || precision == Precision::kFp16) unsafe_[precision] = plan.widened;
      TypedGraph typed = lower_to(result_.base, plan, calibrated_.recipe, target_.context);
      built_.push_back(build_candidate(precision, std::move(typed), target_, options_.compile, cache_));
    } catch (const Error& error) {
      if (options_.precision != Precision::kAuto || error.kind() != ErrorKind::kUnsupported) throw;
      leave_out(precision, error.message());
    }
  }

  Built* find(Precision precision) {
    const auto found = std::ranges::find(built_, precision, [](const Built& built) { return built.plan.precision; });
    return found == built_.end() ? nullptr : &*found;
  }

  /// Mixes of int8 and wider nodes: where int8 costs time, and, if it does not pass the gate, where it costs accuracy.
  void try_mixes() {
    Built* int8 = find(Precision::kInt8);
    Built* wide = find(Precision::kFp32);
    for (const Precision narrower : {Precision::kBf16, Precision::kFp16})
      if (Built* built = find(narrower); built != nullptr) wide = built;
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
    for (const auto& [node, reason] : unsafe_[wide])
      if (const Node* found = result_.base.find_node(node);
          mix.widened.contains(node) || !is_quantizable(result_.base, *found))
        plan.keep.insert(node);  // f32, not 16 bits
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

  /// Of each batch profile's plans the fastest that passes, the more precise among those that are as fast. A further
  /// profile stays with the first's unless another is clearly faster there.
  std::vector<Built*> choose() {
    std::vector<Built*> picked = {choose_at(0)};
    if (!picked.front()->plan.gate || picked.front()->plan.gate->passed)
      for (std::size_t profile = 1; profile < picked.front()->plan.profile_ms.size(); ++profile) {
        Built* best = choose_at(profile);
        const double first = picked.front()->plan.profile_ms[profile];
        picked.push_back(best->plan.profile_ms[profile] * kOther < first ? best : picked.front());
      }
    picked.resize(picked.front()->plan.engine->plans.size(), picked.front());
    return picked;
  }

  double time_at(const Built& built, std::size_t profile) const {
    return profile < built.plan.profile_ms.size() ? built.plan.profile_ms[profile] : 0;
  }

  Built* choose_at(std::size_t profile) {
    std::vector<Built*> order;
    for (Built& built : built_) order.push_back(&built);
    std::ranges::stable_sort(order, {}, [&](const Built* built) { return time_at(*built, profile); });
    const auto first = std::ranges::find_if(order, [&](Built* built) { return judge_.passes(*built); });
    if (first == order.end()) {
      if (!options_.keep_failed) refuse(*order.front());
      return order.front();
    }
    const double as_fast = time_at(**first, profile) * kTie;
    for (Built& built : built_)
      if (&built == *first || (time_at(built, profile) <= as_fast && judge_.passes(built))) return &built;
    return *first;
  }

  OptimizeResult finish(const std::vector<Built*>& picked) {
    Built& best = *picked.front();
    best.plan.chosen = true;
    for (std::size_t i = 0; i < picked.size(); ++i)
      picked[i]->plan.profiles.push_back(best.plan.engine->plans[i].batch);
    for (Built& built : built_) {
      if (!built.plan.chosen && built.plan.reason.empty()) built.plan.reason = reason_against(built);
      result_.candidates.push_back(built.plan);
    }
    const bool one = std::ranges::all_of(picked, [&](const Built* built) { return built == &best; });
    result_.engine = one ? *best.plan.engine : combine_profiles(picked);
    const bool alike = result_.engine.info.precision == best.plan.engine->info.precision;
    result_.chosen = alike ? best.plan.precision : Precision::kMixed;
    result_.compiled = std::move(best.compiled);
    result_.gate = worst_gate(picked);
    result_.fallbacks = best.typed.fallbacks;
    result_.calibration = std::move(calibrated_.found.report);
    for (const auto& [node, scales] : calibrated_.found.equalization) result_.equalized.push_back(node);
    result_.passes.insert(result_.passes.end(), best.typed.passes.begin(), best.typed.passes.end());
    return std::move(result_);
  }

  std::string reason_against(const Built& built) const {
    if (options_.compile.opt_level == 0) return "nothing is timed at opt-level 0: the most precise wins";
    if (built.plan.profiles.empty()) return "another that passes is faster";
    return fmt::format("taken at batch {}", fmt::join(built.plan.profiles, ", "));
  }

  /// Of the plans that the engine holds, the one that loses most images.
  static std::optional<GateResult> worst_gate(const std::vector<Built*>& picked) {
    std::optional<GateResult> worst;
    for (const Built* built : picked)
      if (built->plan.gate && (!worst || built->plan.gate->difference.net_lost() > worst->difference.net_lost()))
        worst = built->plan.gate;
    return worst;
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
  std::map<Precision, std::map<std::string, std::string>> unsafe_;  ///< nodes that overflow, by 16-bit float
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
