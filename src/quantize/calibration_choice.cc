#include "quantize/calibration_choice.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/io/hash.h"
#include "base/log/log.h"
#include "compiler/build_bare.h"
#include "data/loader.h"
#include "eval/engine_runner.h"
#include "graph/text.h"

namespace fovea {
namespace {

constexpr std::array kMethods = {Calibration::kMse, Calibration::kEntropy, Calibration::kPercentile, Calibration::kMax};

/// Names what ranges depend on: the graph with its weights, and the images.
std::string cache_key(const Graph& base, const OptimizeData& data, const OptimizeOptions& options) {
  std::string text = print(base);
  for (const int i : data.calibration) text += data.calibration_set->samples[static_cast<std::size_t>(i)].hash;
  text += options.calibration ? name(*options.calibration) : "auto";
  return content_hash(as_bytes(std::string_view(text)));
}

/// Probabilities of every calibration image, one row each, in order; images that do not decode are left out of all
/// runs.
std::vector<float> probabilities_of(Runner& runner, const OptimizeData& data, const OptimizeOptions& options) {
  LoaderOptions loading;
  loading.spec = runner.preprocess();
  loading.limits = options.limits;
  loading.batch = 1;
  loading.ahead = 8;
  loading.order = data.calibration;
  Loader loader(*data.calibration_set, loading);
  std::vector<float> rows;
  std::vector<float> row(static_cast<std::size_t>(runner.classes()));
  while (std::optional<Batch> batch = loader.next()) {
    runner.run(batch->pixels, 1, row);
    rows.insert(rows.end(), row.begin(), row.end());
  }
  return rows;
}

double mean_divergence(const std::vector<float>& reference, const std::vector<float>& changed, int classes) {
  double sum = 0;
  for (std::size_t i = 0; i < reference.size(); ++i) {
    const double p = std::max(1e-9, static_cast<double>(reference[i]));
    const double q = std::max(1e-9, static_cast<double>(changed.at(i)));
    sum += p * std::log(p / q);
  }
  return sum / std::max(1.0, static_cast<double>(reference.size()) / classes);
}

std::unique_ptr<Runner> int8_runner(const Graph& base, const Ranges& ranges, const OptimizeTarget& target,
                                    const OptimizeOptions& options) {
  TypedGraph typed = lower_to(base, Precision::kInt8, ranges, options.keep, target.context);
  CompileOptions quick = options.compile;
  quick.opt_level = 0;
  quick.batches = {1};
  TimingCache unused;
  CompileResult compiled = compile(typed.graph, target.backend, *target.device, quick, unused);
  Engine engine;
  engine.info = target.info;
  engine.plans = std::move(compiled.plans);
  engine.blobs = Blobs(std::move(compiled.blobs));
  auto executor = Executor::make(std::make_shared<const Engine>(std::move(engine)), target.backend, target.device);
  return std::make_unique<EngineRunner>(std::move(executor));
}

}  // namespace

CalibrationResult calibrate(const FrontEnd& front, const Graph& base, const OptimizeTarget& target,
                            const OptimizeData& data, const OptimizeOptions& options) {
  const std::string key = cache_key(base, data, options);
  CalibrationResult result;
  result.images = static_cast<int>(data.calibration.size());
  result.method = options.calibration ? std::string(name(*options.calibration)) : "auto";
  result.ranges = load_ranges(options.calib_cache, key);
  if (!result.ranges.empty()) return result;
  auto engine = bare_engine(front.graph, target.info, target.backend, *target.device, {1}, options.compile.threads);
  auto executor = Executor::make(engine, target.backend, target.device);
  const Histograms histograms =
      observe_ranges(executor, *data.calibration_set, data.calibration, options.limits, options.compile.threads);
  if (options.calibration) {
    result.ranges = choose_ranges(histograms, *options.calibration);
  } else {
    EngineRunner plain(executor);
    const std::vector<float> reference = probabilities_of(plain, data, options);
    double best = std::numeric_limits<double>::infinity();
    for (const Calibration method : kMethods) {
      Ranges ranges = choose_ranges(histograms, method);
      const std::unique_ptr<Runner> runner = int8_runner(base, ranges, target, options);
      const double divergence = mean_divergence(reference, probabilities_of(*runner, data, options), plain.classes());
      log_debug("calibration {}: mean divergence {:.5f}", name(method), divergence);
      if (divergence >= best) continue;
      best = divergence;
      result.ranges = std::move(ranges);
      result.method = name(method);
    }
  }
  if (!options.calib_cache.empty())
    save_ranges(options.calib_cache, key, options.calibration.value_or(calibration_from_name(result.method)),
                result.ranges);
  return result;
}

}  // namespace fovea
