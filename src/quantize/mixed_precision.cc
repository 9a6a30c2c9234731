#include "quantize/mixed_precision.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace fovea {
namespace {

constexpr std::array kParts = {2, 4, 8, 16};
constexpr double kFloor = 1e-3;    ///< microseconds: what costs nothing comes first
constexpr double kWorthIt = 0.02;  ///< of the plan's time

double per_microsecond(const NodeCost& node) { return node.divergence / std::max(kFloor, node.wide_us - node.int8_us); }

std::string reason_of(const NodeCost& node, double all, const std::string& wide) {
  const double more = node.wide_us - node.int8_us;
  return fmt::format("int8 here makes {:.1f} % of the predicted divergence ({:.2g} of {:.2g}), {} {}",
                     all > 0 ? 100 * node.divergence / all : 0.0, node.divergence, all, wide,
                     more > 0 ? fmt::format("costs {:.1f} us more", more) : std::string("is no slower"));
}

}  // namespace

std::vector<Mix> form_mixes(std::vector<NodeCost> nodes, const std::string& wide) {
  double all = 0;
  for (const NodeCost& node : nodes) all += node.divergence;
  std::ranges::stable_sort(nodes, std::ranges::greater(), per_microsecond);
  std::vector<Mix> mixes;
  for (const int part : kParts) {
    Mix mix;
    mix.label = fmt::format("mixed 1/{}", part);
    mix.predicted_divergence = all;
    for (const NodeCost& node : nodes) {
      if (mix.predicted_divergence <= all / part) break;
      if (node.divergence <= 0) continue;
      mix.widened[node.node] = reason_of(node, all, wide);
      mix.predicted_divergence -= node.divergence;
    }
    if (mix.widened.empty() || mix.widened.size() == nodes.size()) continue;
    const bool known =
        std::ranges::any_of(mixes, [&](const Mix& other) { return other.widened.size() == mix.widened.size(); });
    if (!known) mixes.push_back(std::move(mix));
  }
  return mixes;
}

Mix where_int8_pays(const std::vector<NodeCost>& nodes, const std::string& wide) {
  Mix mix;
  mix.label = "mixed by time";
  double gained = 0, all = 0;
  for (const NodeCost& node : nodes) {
    all += node.int8_us;
    if (node.wide_us >= node.int8_us) {
      mix.predicted_divergence += node.divergence;
      continue;
    }
    gained += node.int8_us - node.wide_us;
    mix.widened[node.node] = fmt::format("{} is {:.1f} us faster here than int8", wide, node.int8_us - node.wide_us);
  }
  if (gained < kWorthIt * all || mix.widened.size() == nodes.size()) mix.widened.clear();
  return mix;
}

}  // namespace fovea
