#pragma once

#include <array>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>

#include "eval/evaluate.h"

namespace fovea {

/// Two runners on the same images. Positive drops are losses, in percentage points.
struct PairedDifference {
  double drop_points = 0;  ///< 100 · (lost − gained) / images
  /// Percentile bootstrap over images (Efron & Tibshirani 1993, ch. 13); an end that no image speaks for is the exact
  /// bound of a rate never seen (Clopper & Pearson 1934), so that it is no single point when all images agree.
  std::array<double, 2> ci95_points = {0, 0};
  int images = 0;
  int lost = 0;          ///< right before, wrong after
  int gained = 0;        ///< wrong before, right after
  double mcnemar_p = 1;  ///< exact, two-sided (McNemar 1947; binomial with p = ½ over lost + gained)
  double agreement = 1;  ///< fraction of images with the same predicted class; NaN agrees with nothing
  int net_lost() const { return lost - gained; }
};

/// Images are matched by their sample index; those that only one side has are left out. kInvalidArgument when none is
/// common. Resamples depend on the seed alone.
PairedDifference compare_paired(const EvalResult& before, const EvalResult& after, std::uint64_t seed = 1,
                                int resamples = 10'000);

/// How many images would decide whether the drop is within `limit_points`: the normal approximation of the interval's
/// half-width, which shrinks with √n, brought down to the distance between the drop and the limit; where no image
/// differs, the exact bound brought down to it. At least `images`; 0 when drop and limit are equal (no number decides).
std::int64_t images_needed(const PairedDifference& difference, double limit_points);

/// Exact two-sided p-value of `lost` against `gained` under "equally likely".
double mcnemar_exact(int lost, int gained);

/// {drop_points, ci95_points, images, lost, gained, mcnemar_p, agreement}
nlohmann::json to_json(const PairedDifference& difference);

}  // namespace fovea
