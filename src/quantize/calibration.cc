#include "quantize/calibration.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/io/hash.h"
#include "base/log/log.h"
#include "compiler/build_bare.h"
#include "graph/text.h"
#include "quantize/bias_correction.h"
#include "quantize/insert_quantization.h"
#include "quantize/observation.h"
#include "quantize/round_weights.h"

namespace fovea {
namespace {

constexpr std::array kMethods = {Calibration::kMse, Calibration::kEntropy, Calibration::kPercentile, Calibration::kMax};
constexpr std::size_t kRows = 2048;  ///< sampled inputs per layer that rounding looks at
constexpr std::string_view kRounding = "adaptive rounding", kTogether = "equalisation with bias correction";
constexpr std::string_view kNagel = "Nagel et al., ICCV 2019";

/// Names what the result depends on: the graph with its weights, the images, what was asked for.
std::string cache_key(const Graph& base, const OptimizeData& data, const CalibrateOptions& options,
                      const std::string& preprocess) {
  std::string text = print(base);
  for (const int i : data.calibration) text += data.calibration_set->samples[static_cast<std::size_t>(i)].hash;
  text += options.method ? name(*options.method) : "auto";
  text += preprocess;
  text += fmt::format(" {} {} {} {}", options.form.per_channel, options.form.asymmetric, options.round_weights,
                      fmt::join(options.keep, ","));
  if (options.form.numbers == QuantizedNumbers::kSigned) text += " signed";
  if (options.form.tie_free) text += " tie_free";
  if (options.each_repaired) text += " each_repaired";
  return content_hash(as_bytes(std::string_view(text)));
}

/// An equalised graph and what was seen of it.
struct Equalized {
  Int8Recipe recipe;
  ChannelScales scales;
  Observation seen;
};

/// Tries one recipe after the other and keeps the best.
class Search {
 public:
  Search(const Graph& base, PlainResults& plain, const OptimizeTarget& target, const OptimizeData& data,
         const CalibrateOptions& options)
      : base_(base), plain_(plain), target_(target), data_(data), options_(options) {}

  Calibrated run() {
    best_.recipe.base = base_;
    best_.recipe.form = options_.form;
    seen_ = observe(plain_.plan(), data_, options_.limits);
    best_.found.report.images = seen_.images;
    choose_method();
    equalize_channels();
    if (options_.round_weights) round();
    correct_biases();
    if (!options_.form.per_channel && refused_) equalize_and_correct();
    best_.found.report.ranges = best_.recipe.ranges;
    return std::move(best_);
  }

 private:
  double divergence_of(const Int8Recipe& recipe) {
    const PrecisionPlan plan{Precision::kInt8, Precision::kFp32, {}, options_.keep};
    return plain_.divergence().of(quick_executor(lower_to(base_, plan, recipe, target_.context).graph, target_));
  }

  Ranges ranges_of(const Observation& seen, Calibration method) const {
    Ranges ranges = choose_ranges(seen.histograms, method);
    for (const auto& [value, range] : options_.known) ranges.try_emplace(value, range);
    return ranges;
  }

  void choose_method() {
    double least = std::numeric_limits<double>::infinity();
    for (const Calibration method : kMethods) {
      if (options_.method && method != *options_.method) continue;
      Int8Recipe recipe = best_.recipe;
      recipe.ranges = ranges_of(seen_, method);
      const double divergence = divergence_of(recipe);
      log_debug("calibration {}: mean divergence {:.5f}", name(method), divergence);
      if (divergence >= least && !best_.recipe.ranges.empty()) continue;
      least = divergence;
      best_.recipe = std::move(recipe);
      best_.found.report.method = name(method);
    }
    best_.found.report.divergence = least;
  }

  /// True where the recipe is better than the best so far, which it then is.
  bool try_repair(std::string_view name, std::string_view paper, Int8Recipe recipe) {
    CalibrationReport& report = best_.found.report;
    RepairReport repair{std::string(name), std::string(paper), false, report.divergence, divergence_of(recipe)};
    repair.applied = repair.after < repair.before;
    log_debug("{}: mean divergence {:.5f} → {:.5f}", name, repair.before, repair.after);
    report.repairs.push_back(repair);
    if (!repair.applied) return false;
    report.divergence = repair.after;
    best_.recipe = std::move(recipe);
    return true;
  }

  void equalize_channels() {
    ChannelScales scales = equalization_scales(base_, seen_.channels);
    if (scales.empty()) return;
    Int8Recipe recipe = best_.recipe;
    equalize(recipe.base, scales);
    Observation seen = observe(quick_executor(recipe.base, target_), data_, options_.limits);
    recipe.ranges = ranges_of(seen, calibration_from_name(best_.found.report.method));
    if (!try_repair("cross-layer equalisation", kNagel, recipe)) {
      refused_ = Equalized{std::move(recipe), std::move(scales), std::move(seen)};
      return;
    }
    best_.found.equalization = std::move(scales);
    seen_ = std::move(seen);
  }

  /// One scale for all channels moves their means by more than equalisation gains: it shows with corrected biases only.
  void equalize_and_correct() {
    Int8Recipe recipe = std::move(refused_->recipe);
    if (options_.round_weights)
      recipe.weights = rounded_weights(recipe, sample_inputs(recipe, target_, plain_.divergence(), kRows));
    recipe.biases = corrected_biases(recipe, refused_->seen.channels);
    if (!try_repair(kTogether, kNagel, std::move(recipe))) return;
    best_.found.equalization = std::move(refused_->scales);
    keep_biases();
  }

  void round() {
    Int8Recipe recipe = best_.recipe;
    recipe.weights = rounded_weights(recipe, sample_inputs(recipe, target_, plain_.divergence(), kRows));
    try_repair(kRounding, "Lybrand & Saab, JMLR 2021; Nagel et al., ICML 2020", std::move(recipe));
  }

  void correct_biases() {
    Int8Recipe recipe = best_.recipe;
    recipe.biases = corrected_biases(recipe, seen_.channels);
    if (try_repair("bias correction", kNagel, std::move(recipe))) keep_biases();
  }

  void keep_biases() {
    best_.found.biases.clear();
    for (const auto& [node, bias] : best_.recipe.biases) {
      const std::span<const float> numbers = bias.data<float>();
      best_.found.biases[node].assign(numbers.begin(), numbers.end());
    }
  }

  const Graph& base_;
  PlainResults& plain_;
  const OptimizeTarget& target_;
  const OptimizeData& data_;
  const CalibrateOptions& options_;
  Calibrated best_;
  Observation seen_;  ///< of the best recipe's graph
  std::optional<Equalized> refused_;
};

/// kCorruptFile where a cache's bias is not one number per output channel of a layer that is quantised.
Tensor cached_bias(const Graph& base, const std::string& name, const std::vector<float>& bias) {
  const Node* node = base.find_node(name);
  const bool fits = node != nullptr && is_quantizable(base, *node) &&
                    base.input_of(*node, 1).shape[channel_axis(*node)] == std::ssize(bias) &&
                    std::ranges::all_of(bias, [](float b) { return std::isfinite(b); });
  require(fits, ErrorKind::kCorruptFile, "[calibration] the biases of {} do not fit the model", name);
  return Tensor::of<float>({std::ssize(bias)}, bias);
}

/// The recipe that a cache describes; rounding is done again, as its numbers are as many as the weights.
Int8Recipe recipe_of(const CachedCalibration& found, const Graph& base, PlainResults& plain,
                     const OptimizeTarget& target, const CalibrateOptions& options) {
  Int8Recipe recipe;
  recipe.base = base;
  recipe.form = options.form;
  recipe.ranges = found.report.ranges;
  if (!found.equalization.empty()) equalize(recipe.base, found.equalization);
  for (const auto& [node, bias] : found.biases) recipe.biases[node] = cached_bias(base, node, bias);
  const auto applied = [&](std::string_view name) {
    return std::ranges::any_of(found.report.repairs,
                               [&](const RepairReport& repair) { return repair.name == name && repair.applied; });
  };
  if (applied(kRounding) || (applied(kTogether) && options.round_weights))
    recipe.weights = rounded_weights(recipe, sample_inputs(recipe, target, plain.divergence(), kRows));
  return recipe;
}

}  // namespace

std::shared_ptr<const Executor> PlainResults::plan() {
  if (!plan_)
    plan_ =
        Executor::make(bare_engine(front_.graph, target_.info, target_.backend, *target_.device, {1}, target_.threads),
                       target_.backend, target_.device);
  return plan_;
}

const Divergence& PlainResults::divergence() {
  if (!divergence_) divergence_.emplace(plan(), data_, limits_);
  return *divergence_;
}

namespace {

/// Each method but `left_out`, repaired; best first.
std::vector<Calibrated> by_method(const Graph& base, PlainResults& plain, const OptimizeTarget& target,
                                  const OptimizeData& data, CalibrateOptions options, std::string_view left_out) {
  std::vector<Calibrated> made;
  for (const Calibration method : kMethods) {
    if (name(method) == left_out) continue;
    options.method = method;
    made.push_back(Search(base, plain, target, data, options).run());
  }
  std::ranges::sort(made, {}, [](const Calibrated& one) { return one.found.report.divergence; });
  return made;
}

/// Repair helps one method more than another, so the best before it need not be the best behind.
Calibrated searched(const Graph& base, PlainResults& plain, const OptimizeTarget& target, const OptimizeData& data,
                    const CalibrateOptions& options) {
  if (options.method || !options.each_repaired) return Search(base, plain, target, data, options).run();
  std::vector<Calibrated> all = by_method(base, plain, target, data, options, "");
  Calibrated best = std::move(all.front());
  best.others.assign(std::make_move_iterator(all.begin() + 1), std::make_move_iterator(all.end()));
  return best;
}

}  // namespace

Calibrated calibrate(const Graph& base, PlainResults& plain, const OptimizeTarget& target, const OptimizeData& data,
                     const CalibrateOptions& options) {
  const std::string key = cache_key(base, data, options, to_json(target.info.preprocess).dump());
  Calibrated result;
  if (auto cached = load_calibration(options.cache, key)) {
    result.found = std::move(*cached);
    result.recipe = recipe_of(result.found, base, plain, target, options);
  } else {
    result = searched(base, plain, target, data, options);
    if (!options.cache.empty()) save_calibration(options.cache, key, result.found);
  }
  result.key = key;
  return result;
}

std::vector<Calibrated> other_methods(const Calibrated& best, const Graph& base, PlainResults& plain,
                                      const OptimizeTarget& target, const OptimizeData& data,
                                      const CalibrateOptions& options) {
  if (!best.others.empty()) return best.others;
  return by_method(base, plain, target, data, options, best.found.report.method);
}

Calibrated calibrate_float8(const Graph& base, PlainResults& plain, const OptimizeData& data, QuantizeForm form,
                            const DecodeLimits& limits) {
  const Observation seen = observe(plain.plan(), data, limits);
  form.numbers = QuantizedNumbers::kFloat8;
  Calibrated made;
  made.recipe = {base, choose_ranges(seen.histograms, Calibration::kMax), form, {}, {}};
  made.found.report.method = name(Calibration::kMax);
  made.found.report.images = seen.images;
  made.found.report.ranges = made.recipe.ranges;
  return made;
}

}  // namespace fovea
