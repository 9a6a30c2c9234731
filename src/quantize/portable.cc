#include "quantize/portable.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/log/log.h"
#include "compiler/target.h"
#include "quantize/candidate.h"
#include "quantize/judge.h"
#include "quantize/mixed_precision.h"
#include "quantize/observation.h"
#include "quantize/range_safety.h"
#include "quantize/sensitivity.h"
#include "quantize/strong_types.h"

namespace fovea {
namespace {

constexpr std::size_t kRangeImages = 8;
constexpr int kMostRounds = 16;

class PortableMaker {
 public:
  PortableMaker(const FrontEnd& front, const FrontEnd* against, EngineInfo info, const Backend& backend,
                std::shared_ptr<Device> device, const OptimizeData& data, const OptimizeOptions& options,
                const RuntimeForm& form)
      : front_(front),
        target_{backend, device, target_context(backend, device->info(), options.compile.threads), std::move(info),
                options.compile.threads},
        data_(data),
        options_(options),
        form_(form),
        plain_(front, target_, data, options.limits),
        judge_(against != nullptr ? *against : front, target_, data, options) {
    target_.info.model_output = front.model_output;
    options_.compile.opt_level = 0;
    options_.compile.batches = {1};
    options_.form.numbers = form.integers;
    options_.form.tie_free = true;  // the same numbers in every runtime
  }

  Portable run() {
    made_.evidence.base = front_.graph;
    made_.evidence.passes = run_passes(base(), passes_before_calibration(), target_.context);
    require(!is_quantized(base()), ErrorKind::kUnsupported,
            "[export] the model holds quantize and dequantize nodes already: give the float model");
    for (const Precision precision : wanted())
      if (offer(precision)) return std::move(made_);
    fail(ErrorKind::kInternal, "[export] no precision was the answer");  // fp32 is one, or refused
  }

 private:
  Graph& base() { return made_.evidence.base; }

  /// Narrowest first.
  std::vector<Precision> wanted() const {
    const auto takes = [&](Precision p) { return std::ranges::find(form_.takes, p) != form_.takes.end(); };
    if (options_.precision != Precision::kAuto) {
      require(takes(options_.precision), ErrorKind::kUnsupported, "[export] {} is not written for {}",
              name(options_.precision), form_.name);
      return {options_.precision};
    }
    if (!judge_.has_images()) return {Precision::kFp32};  // nothing could prove a lower precision
    std::vector<Precision> order = {Precision::kFp32};
    if (form_.rest == Precision::kFp16) order.insert(order.begin(), Precision::kFp16);
    if (!data_.calibration.empty()) order.insert(order.begin(), Precision::kInt8);
    return order;
  }

  bool offer(Precision precision) {
    PrecisionPlan plan{precision, form_.rest, {}, options_.keep};
    const bool quantized = precision == Precision::kInt8 || precision == Precision::kFp8;
    if (quantized) prepare(precision);
    if (quantized ? plan.wide != Precision::kFp32 : precision != Precision::kFp32) keep_in_range(plan);
    if (judged(precision, std::string(name(precision)), plan, 0)) return true;
    if (options_.precision != Precision::kAuto || precision != Precision::kInt8) return false;
    return offer_other_methods(plan) || offer_mixes(plan);
  }

  /// Calibration: for int8 with repair, for fp8 the largest magnitudes, which its exponent covers.
  void prepare(Precision precision) {
    require(!data_.calibration.empty(), ErrorKind::kInvalidArgument,
            "[export] {} needs images to calibrate with: give --data DIR", name(precision));
    if (precision == Precision::kInt8) {
      calibrated_ = calibrate(base(), plain_, target_, data_, calibrate_options());
    } else {
      calibrated_ = calibrate_float8(base(), plain_, data_, options_.form, options_.limits);
    }
    if (precision == Precision::kFp8) calibrated_.recipe.ranges.merge(input_range());
    note_calibration();
  }

  CalibrateOptions calibrate_options() {
    return {options_.calibration, options_.form,   options_.keep, true, true,
            options_.calib_cache, options_.limits, input_range()};
  }

  void note_calibration() {
    made_.evidence.calibration = calibrated_.found.report;
    made_.evidence.equalized.clear();
    for (const auto& [node, scales] : calibrated_.found.equalization) made_.evidence.equalized.push_back(node);
  }

  /// int8 as the other calibrators have it, before nodes become wider: by the divergence on calibration images they are
  /// close to each other.
  bool offer_other_methods(const PrecisionPlan& int8) {
    if (options_.calibration) return false;
    const Calibrated best = calibrated_;
    for (Calibrated& other : other_methods(best, base(), plain_, target_, data_, calibrate_options())) {
      calibrated_ = std::move(other);
      note_calibration();
      if (judged(Precision::kInt8, "int8 " + calibrated_.found.report.method, int8, 0)) return true;
    }
    calibrated_ = best;
    note_calibration();
    return false;
  }

  /// What pixels from 0 to 255 become; no step makes this value, so calibration can't see it.
  Ranges input_range() {
    const PreprocessSpec& spec = target_.info.preprocess;
    Range range;
    for (std::size_t c = 0; c < static_cast<std::size_t>(spec.channels()); ++c)
      for (const float pixel : {0.0F, 255.0F}) {
        const float value = (pixel * spec.scale - spec.mean[c]) / spec.std[c];
        range = {std::min(range.low, value), std::max(range.high, value)};
      }
    return {{base().value(base().inputs().at(0)).name, range}};
  }

  /// Nodes that a 16-bit float has no range for stay in fp32.
  void keep_in_range(PrecisionPlan& plan) {
    if (data_.calibration.empty()) return;
    const bool floats = plan.precision == Precision::kFp16 || plan.precision == Precision::kBf16;
    const Precision narrow = floats ? plan.precision : plan.wide;
    if (!unsafe_.contains(narrow)) unsafe_[narrow] = unsafe_in(narrow);
    for (const auto& [node, reason] : unsafe_[narrow]) {
      const Node* found = base().find_node(node);
      if (floats)
        plan.widened[node] = reason;
      else if (found != nullptr && !is_quantizable(base(), *found))
        plan.keep.insert(node);
    }
  }

  std::map<std::string, std::string> unsafe_in(Precision narrow) {
    OptimizeData few = data_;
    few.calibration.resize(std::min(few.calibration.size(), kRangeImages));
    const Observation seen = observe(plain_.plan(), few, options_.limits);
    PrecisionPlan plan{narrow, Precision::kFp32, {}, options_.keep};
    plan.widened = out_of_range(base(), seen.histograms, short_float(narrow));
    for (int round = 0; round < kMostRounds; ++round) {
      const auto found =
          first_not_finite(plain_, quick_executor(lowered(type_strongly(base(), plan, {}).graph), target_), narrow);
      if (!found || plan.widened.contains(found->node)) break;
      plan.widened[found->node] = found->reason;
    }
    for (const auto& [node, reason] : plan.widened) log_info("{} stays in fp32: {}", node, reason);
    return plan.widened;
  }

  /// What this machine runs of a strongly typed graph.
  Graph lowered(Graph graph) const {
    run_passes(graph, passes_after_precision(), target_.context);
    return graph;
  }

  /// True where this plan is the answer: it passes, or it was named and may fail.
  bool judged(Precision precision, const std::string& label, const PrecisionPlan& plan, double predicted) {
    TypedGraph typed = type_strongly(base(), plan, calibrated_.recipe);
    form_.integer_biases ? quantize_biases(typed.graph) : round_biases(typed.graph);
    TypedGraph runs;
    runs.graph = lowered(typed.graph);
    TimingCache nothing;
    Built built = build_candidate(precision, std::move(runs), target_, options_.compile, nothing);
    built.plan.label = label;
    built.plan.widened = static_cast<int>(plan.widened.size());
    if (precision == Precision::kMixed) built.plan.predicted_divergence = predicted;
    const bool passes = judge_.passes(built);
    const bool alone = options_.precision != Precision::kAuto || precision == Precision::kFp32;
    if (!passes && alone && !options_.keep_failed)
      throw GateRefused(*built.plan.gate,
                        fmt::format("{}; no model is written (--max-drop{} may help)", refusal(built.plan),
                                    precision == Precision::kFp32 ? "" : " or --precision auto"));
    built.plan.chosen = passes || alone;
    made_.evidence.candidates.push_back(built.plan);
    if (!built.plan.chosen) return false;
    OptimizeResult& evidence = made_.evidence;
    evidence.chosen = precision;
    evidence.gate = built.plan.gate;
    evidence.engine = *built.plan.engine;
    evidence.fallbacks = typed.fallbacks;
    evidence.passes.insert(evidence.passes.end(), typed.passes.begin(), typed.passes.end());
    made_.graph = std::move(typed.graph);
    return true;
  }

  /// The most sensitive nodes wider, few first.
  bool offer_mixes(const PrecisionPlan& int8) {
    CachedCalibration& found = calibrated_.found;
    if (found.report.sensitivity.empty()) {
      found.report.sensitivity =
          measure_sensitivity(base(), calibrated_.recipe, options_.keep, target_, plain_.divergence());
      if (!options_.calib_cache.empty()) save_calibration(options_.calib_cache, calibrated_.key, found);
    }
    made_.evidence.calibration = found.report;
    double all = 0;
    std::vector<NodeCost> costs;
    for (const auto& [node, divergence] : found.report.sensitivity) {
      costs.push_back({node, divergence, 0, 1});
      all += divergence;
    }
    for (Mix& mix : form_mixes(costs, std::string(name(form_.rest)))) {
      PrecisionPlan plan = int8;
      for (auto& [node, reason] : mix.widened) {
        reason = fmt::format("int8 here makes {:.1f} % of the predicted divergence",
                             all > 0 ? 100 * found.report.sensitivity[node] / all : 0.0);
        if (unsafe_[form_.rest].contains(node)) plan.keep.insert(node);
      }
      plan.widened = mix.widened;
      if (judged(Precision::kMixed, mix.label, plan, mix.predicted_divergence)) return true;
    }
    return false;
  }

  const FrontEnd& front_;
  OptimizeTarget target_;
  const OptimizeData& data_;
  OptimizeOptions options_;
  const RuntimeForm& form_;
  PlainResults plain_;
  Judge judge_;
  Calibrated calibrated_;
  std::map<Precision, std::map<std::string, std::string>> unsafe_;  ///< by the narrow float: nodes that overflow
  Portable made_;
};

}  // namespace

const RuntimeForm& runtime_form(std::string_view name) {
  using enum Precision;
  static const std::array<RuntimeForm, 3> kForms = {{
      {"tensorrt", QuantizedNumbers::kSigned, kFp16, false, {kFp32, kFp16, kBf16, kInt8, kFp8}},
      {"onnxruntime", QuantizedNumbers::kInteger, kFp32, true, {kFp32, kFp16, kInt8}},
      {"openvino", QuantizedNumbers::kInteger, kFp32, false, {kFp32, kFp16, kInt8}},
  }};
  const auto* found = std::ranges::find(kForms, name, &RuntimeForm::name);
  require(found != kForms.end(), ErrorKind::kInvalidArgument,
          "unknown runtime \"{}\", expected tensorrt, onnxruntime or openvino", name);
  return *found;
}

Portable make_portable(const FrontEnd& front, const FrontEnd* against, EngineInfo info, const Backend& backend,
                       std::shared_ptr<Device> device, const OptimizeData& data, const OptimizeOptions& options,
                       const RuntimeForm& form) {
  return PortableMaker(front, against, std::move(info), backend, std::move(device), data, options, form).run();
}

}  // namespace fovea
