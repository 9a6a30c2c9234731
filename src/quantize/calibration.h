#pragma once

#include <optional>

#include "compiler/frontend.h"
#include "quantize/calibration_cache.h"
#include "quantize/divergence.h"
#include "quantize/typed_graph.h"

namespace fovea {

struct CalibrateOptions {
  std::optional<Calibration> method;  ///< none: the one that changes the calibration images' results least
  QuantizeForm form;
  std::set<std::string> keep;
  bool round_weights = false;  ///< try adaptive rounding too: minutes
  bool each_repaired = false;  ///< choose the method after repair, not before: as many times as long
  std::filesystem::path cache;
  DecodeLimits limits;
  Ranges known = {};  ///< of values that no step makes
};

/// The fp32 plan of a model and its results on the calibration images, made when first asked for.
class PlainResults {
 public:
  PlainResults(const FrontEnd& front, const OptimizeTarget& target, const OptimizeData& data, DecodeLimits limits)
      : front_(front), target_(target), data_(data), limits_(limits) {}
  std::shared_ptr<const Executor> plan();
  const Divergence& divergence();

 private:
  const FrontEnd& front_;
  const OptimizeTarget& target_;
  const OptimizeData& data_;
  DecodeLimits limits_;
  std::shared_ptr<const Executor> plan_;
  std::optional<Divergence> divergence_;
};

struct Calibrated {
  Int8Recipe recipe;
  CachedCalibration found;
  std::string key;  ///< of the cache
  std::vector<Calibrated>
      others;  ///< with each_repaired: what the other methods came to, best first; empty from a cache
};

/// Ranges for `base` (and what repairs it) from the cache or from the calibration images. Without a named method each
/// is tried; then cross-layer equalisation, adaptive rounding and bias correction in this order. What is kept is what
/// makes the int8 plan's class probabilities on the calibration images differ less from fp32 (mean Kullback–Leibler
/// divergence).
Calibrated calibrate(const Graph& base, PlainResults& plain, const OptimizeTarget& target, const OptimizeData& data,
                     const CalibrateOptions& options);

/// What the methods that `best` was not made with come to, repaired, best first.
std::vector<Calibrated> other_methods(const Calibrated& best, const Graph& base, PlainResults& plain,
                                      const OptimizeTarget& target, const OptimizeData& data,
                                      const CalibrateOptions& options);

/// For FP8 nothing is tried: a scale per tensor, so that the largest magnitude on the calibration images is the largest
/// number; the exponent covers the rest.
Calibrated calibrate_float8(const Graph& base, PlainResults& plain, const OptimizeData& data, QuantizeForm form,
                            const DecodeLimits& limits);

}  // namespace fovea
