#include "quantize/gate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

namespace fovea {
namespace {

/// Right answers by class: the diagonal.
void find_worst_class(const EvalResult& before, const EvalResult& after, GateResult& result) {
  for (std::size_t c = 0; c < std::min(before.confusion.size(), after.confusion.size()); ++c) {
    const int lost = before.confusion[c][c] - after.confusion[c][c];
    if (lost <= result.worst_class_lost) continue;
    result.worst_class = static_cast<int>(c);
    result.worst_class_lost = lost;
    result.worst_class_images = std::accumulate(before.confusion[c].begin(), before.confusion[c].end(), 0);
  }
}

std::string remarks(const GateResult& gate) {
  std::string text;
  if (gate.not_finite > 0)
    text += fmt::format("; NaN or infinity for {} of {} images", gate.not_finite, gate.difference.images);
  if (gate.near_chance) text += "; the model is near chance: the preprocessing is probably wrong";
  return text;
}

}  // namespace

GateResult check_gate(const EvalResult& before, const EvalResult& after, const GateOptions& options) {
  GateResult result;
  result.before = before.top1;
  result.after = after.top1;
  result.top5_before = before.top5;
  result.top5_after = after.top5;
  find_worst_class(before, after, result);
  result.difference = compare_paired(before, after);
  result.max_drop_points = options.max_drop_points;
  result.strict = options.strict;
  const auto share = static_cast<int>(std::floor(options.max_drop_points * result.difference.images / 100 + 1e-9));
  result.allowed_losses = std::max(1, share);
  result.near_chance = near_chance(before);
  result.not_finite = after.not_finite;
  const auto [low, high] = result.difference.ci95_points;
  const bool within =
      options.strict ? high <= options.max_drop_points : result.difference.net_lost() <= result.allowed_losses;
  result.passed = within && result.not_finite == 0;
  result.decided = result.not_finite > 0 || !(low <= options.max_drop_points && options.max_drop_points <= high);
  result.images_needed = result.decided ? 0 : images_needed(result.difference, options.max_drop_points);
  return result;
}

GateRefused::GateRefused(GateResult gate, const std::string& message)
    : Error(ErrorKind::kGateFailed, message + remarks(gate)), gate_(std::move(gate)) {}

nlohmann::json to_json(const GateResult& gate) {
  nlohmann::json json = to_json(gate.difference);
  json["before"] = gate.before;
  json["after"] = gate.after;
  json["top5"] = {{"before", gate.top5_before}, {"after", gate.top5_after}};
  json["worst_class"] = nullptr;
  if (gate.worst_class >= 0)
    json["worst_class"] = {
        {"class", gate.worst_class}, {"lost", gate.worst_class_lost}, {"images", gate.worst_class_images}};
  json["near_chance"] = gate.near_chance;
  json["not_finite"] = gate.not_finite;
  json["max_drop"] = gate.max_drop_points;
  json["strict"] = gate.strict;
  json["allowed_losses"] = gate.allowed_losses;
  json["passed"] = gate.passed;
  json["decided"] = gate.decided;
  json["images_needed"] = gate.images_needed;
  return json;
}

}  // namespace fovea
