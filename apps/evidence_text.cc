#include "evidence_text.h"

#include <fmt/format.h>

#include <algorithm>

namespace fovea::apps {
namespace {

std::string decision_of(const GateResult& gate) {
  if (gate.decided) return "";
  if (gate.images_needed == 0) return " (not decided: the drop lies on the limit)";
  return fmt::format(" (not decided: about {} images would)", gate.images_needed);
}

}  // namespace

std::string candidates_text(const OptimizeResult& result) {
  std::string text;
  for (const CandidatePlan& plan : result.candidates) {
    text += fmt::format("{} {:<10}", plan.chosen ? "→" : " ", plan.label);
    if (plan.latency_ms > 0) text += fmt::format(" {:>9.3f} ms", plan.latency_ms);
    if (plan.gate) text += fmt::format("  top-1 {:.2f} % → {:.2f} %", 100 * plan.gate->before, 100 * plan.gate->after);
    text += plan.chosen ? "  chosen\n" : fmt::format("  {}\n", plan.reason);
  }
  return text;
}

std::string calibration_text(const OptimizeResult& result) {
  constexpr std::size_t kMost = 10;
  std::string text;
  const CalibrationReport& calibration = result.calibration;
  if (!calibration.method.empty())
    text += fmt::format("calibration: {} on {} images\n", calibration.method, calibration.images);
  for (const RepairReport& repair : calibration.repairs)
    text += fmt::format("{}: divergence {:.5f} → {:.5f}, {} ({})\n", repair.name, repair.before, repair.after,
                        repair.applied ? "applied" : "left", repair.paper);
  for (std::size_t i = 0; i < std::min(kMost, result.fallbacks.size()); ++i)
    text += fmt::format("{} in {}: {}\n", result.fallbacks[i].node, result.fallbacks[i].precision,
                        result.fallbacks[i].reason);
  if (result.fallbacks.size() > kMost) text += fmt::format("… {} wider nodes in all\n", result.fallbacks.size());
  return text;
}

std::string gate_text(const GateResult& gate) {
  return fmt::format("gate: drop {:.2f} points on {} images, limit {:.2f}: {}{}\n", gate.difference.drop_points,
                     gate.difference.images, gate.max_drop_points, gate.passed ? "passed" : "failed",
                     decision_of(gate));
}

}  // namespace fovea::apps
