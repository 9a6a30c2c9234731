#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>

#include "base/error.h"
#include "eval/evaluate.h"
#include "eval/paired.h"

namespace fovea {

struct GateOptions {
  double max_drop_points = 0.5;
  bool strict = false;  ///< the interval's upper end must be within the limit, not just the count
};

/// The verdict over the validation images, "before" and "after" on the same ones.
struct GateResult {
  double before = 0, after = 0;            ///< top-1, 0–1
  double top5_before = 0, top5_after = 0;  ///< 0–1
  int worst_class = -1;                    ///< whose images lost most, net; −1: no class lost any
  int worst_class_lost = 0, worst_class_images = 0;
  PairedDifference difference;
  bool near_chance = false;  ///< "before" is: the evidence says little
  int not_finite = 0;        ///< images for which "after" gives NaN or infinity: with any, the gate does not pass
  double max_drop_points = 0;
  bool strict = false;
  int allowed_losses = 0;  ///< max(1, ⌊max-drop · n / 100⌋), net
  bool passed = false;
  bool decided = false;            ///< the interval does not contain the limit
  std::int64_t images_needed = 0;  ///< how many would decide; 0 when decided
};

/// kGateFailed, with the evidence.
class GateRefused : public Error {
 public:
  /// Adds to `message` what says more than the count: NaN, or a model that guesses.
  GateRefused(GateResult gate, const std::string& message);
  const GateResult& gate() const { return gate_; }

 private:
  GateResult gate_;
};

/// Judges the images that both saw. kInvalidArgument when there is none.
GateResult check_gate(const EvalResult& before, const EvalResult& after, const GateOptions& options);

/// {before, after, top5: {before, after}, worst_class: {class, lost, images} or null, drop_points, ci95_points, images,
/// lost, gained, mcnemar_p, agreement, not_finite, max_drop, strict, allowed_losses, passed, decided, images_needed,
/// near_chance}
nlohmann::json to_json(const GateResult& gate);

}  // namespace fovea
