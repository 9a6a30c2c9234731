#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "engine/executor.h"

namespace fovea {

/// How far one node's results are from those of the fp32 plan, over all images.
struct LayerDifference {
  std::string node, op, precision;
  double cosine = 1;      ///< of the two results taken as vectors
  double snr_db = 0;      ///< 10 · log10(Σ plain² / Σ (engine − plain)²), at most kEqualDb: equal
  double max_abs = 0;     ///< largest |engine − plain|, of finite numbers
  std::int64_t nan = 0;   ///< in the engine's result
  std::int64_t inf = 0;   ///< in the engine's result
  std::int64_t lost = 0;  ///< NaN or Inf where the plain result is finite
};
constexpr double kEqualDb = 200;
constexpr double kDivergedDb = 10;  ///< below, the error's power is above a tenth of the signal's

struct LayerComparison {
  std::vector<LayerDifference> nodes;  ///< in the engine's order; those that only one side has are left out
  std::string first_diverging;         ///< the first that lost finite numbers or is below kDivergedDb; empty: none
  int images = 0;
  bool identical = true;  ///< the engine's probabilities were the same bytes with and without watching
};

/// Runs `samples` one by one through both and compares what the nodes of equal names make, as real numbers. `plain` is
/// the fp32 plan of the same model (compiler/build_bare.h). Nodes in `rescaled` (those that equalisation divided by
/// numbers of their own) are compared after each channel's best factor. kInvalidArgument when no image can be used.
LayerComparison compare_layers(std::shared_ptr<const Executor> plain, std::shared_ptr<const Executor> engine,
                               const Dataset& dataset, const std::vector<int>& samples, const DecodeLimits& limits,
                               const std::set<std::string>& rescaled = {});

}  // namespace fovea
