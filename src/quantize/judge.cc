#include "quantize/judge.h"

#include <fmt/format.h>

#include "base/log/progress.h"
#include "compiler/build_bare.h"
#include "eval/engine_runner.h"

namespace fovea {

std::string refusal(const CandidatePlan& plan) {
  const GateResult& gate = *plan.gate;
  return fmt::format(
      "gate failed: {} loses {:.2f} points ({} of {} images net, {} allowed; 95 % interval {:.2f} to {:.2f}), limit "
      "{:.2f}{}",
      plan.label, gate.difference.drop_points, gate.difference.net_lost(), gate.difference.images, gate.allowed_losses,
      gate.difference.ci95_points[0], gate.difference.ci95_points[1], gate.max_drop_points,
      gate.strict ? " for the interval" : "");
}

bool Judge::passes(Built& built) {
  if (!has_images()) return true;
  CandidatePlan& plan = built.plan;
  if (plan.gate) return plan.gate->passed;
  if (!before_) {
    const auto plain =
        bare_engine(against_.graph, target_.info, target_.backend, *target_.device, {1}, target_.threads);
    before_ = evaluate_with(Executor::make(plain, target_.backend, target_.device), "gate: before");
  }
  plan.gate = check_gate(*before_, evaluate_with(built.executor, "gate: " + plan.label), options_.gate);
  if (!plan.gate->passed)
    plan.reason = fmt::format("loses {:.2f} points, the limit is {:.2f}", plan.gate->difference.drop_points,
                              plan.gate->max_drop_points);
  return plan.gate->passed;
}

EvalResult Judge::evaluate_with(std::shared_ptr<const Executor> executor, const std::string& label) const {
  EngineRunner runner(std::move(executor));
  EvalOptions evaluating;
  evaluating.limits = options_.limits;
  Progress progress(label, static_cast<std::int64_t>(data_.validation.size()), "images");
  int seen = 0;
  evaluating.progress = [&](int done, int) {
    progress.advance(done - seen);
    seen = done;
  };
  return evaluate(runner, *data_.validation_set, data_.validation, evaluating);
}

}  // namespace fovea
