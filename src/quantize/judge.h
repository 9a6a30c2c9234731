#pragma once

#include <optional>

#include "quantize/candidate.h"

namespace fovea {

/// Why the gate refuses a plan: "gate failed: int8 loses 1.00 points (…), limit 0.50".
std::string refusal(const CandidatePlan& plan);

/// Puts plans through the gate; the float side runs once, when first needed.
class Judge {
 public:
  /// `against`: whose fp32 plan is the float side. All must outlive the judge.
  Judge(const FrontEnd& against, const OptimizeTarget& target, const OptimizeData& data, const OptimizeOptions& options)
      : against_(against), target_(target), data_(data), options_(options) {}
  bool has_images() const { return !data_.validation.empty(); }
  /// Fills plan.gate, and plan.reason where it does not pass. True where it passes or there is nothing to judge by.
  bool passes(Built& built);

 private:
  EvalResult evaluate_with(std::shared_ptr<const Executor> executor, const std::string& label) const;
  const FrontEnd& against_;
  const OptimizeTarget& target_;
  const OptimizeData& data_;
  const OptimizeOptions& options_;
  std::optional<EvalResult> before_;
};

}  // namespace fovea
