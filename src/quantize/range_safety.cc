#include "quantize/range_safety.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/log/log.h"
#include "engine/pixel_context.h"

namespace fovea {
namespace {

constexpr std::size_t kImages = 8;
constexpr int kMostRounds = 16;

/// Largest magnitude of a constant's numbers; NaN counts as infinite.
float magnitude_of(const Tensor& constant) {
  float largest = 0;
  for (const float x : constant.data<float>())
    largest = std::isfinite(x) ? std::max(largest, std::abs(x)) : std::numeric_limits<float>::infinity();
  return largest;
}

struct NodeCount {
  std::string node;
  std::int64_t not_finite = 0;
};

/// How many Inf and NaN the nodes' results held, in the order of the steps.
std::vector<NodeCount> count_not_finite(std::shared_ptr<const Executor> executor, const Divergence& images) {
  std::vector<NodeCount> counts;
  std::map<std::pair<const Plan*, ValueId>, std::size_t> places;
  for (const Plan& plan : executor->engine().plans)
    for (const Node& node : plan.graph.nodes()) {
      places[{&plan, node.outputs.front()}] = counts.size();
      counts.push_back({node.name, 0});
    }
  std::vector<float> output(static_cast<std::size_t>(output_classes(executor->engine())));
  PixelContext context(std::move(executor));
  context.context().observe([&](const Plan& plan, ValueId id, const Tensor& stored) {
    const auto place = places.find({&plan, id});
    if (place == places.end() || !is_float(stored.dtype())) return;
    const Tensor real = to_f32(stored);
    counts[place->second].not_finite +=
        std::ranges::count_if(real.data<float>(), [](float x) { return !std::isfinite(x); });
  });
  for (std::size_t i = 0; i < std::min(images.images(), kImages); ++i) context.run(images.image(i), 1, output);
  return counts;
}

}  // namespace

float largest_finite(DType dtype) { return dtype == DType::kF16 ? f16_to_f32(0x7bff) : bf16_to_f32(0x7f7f); }

std::map<std::string, std::string> out_of_range(const Graph& graph, const std::map<std::string, Histogram>& seen,
                                                DType dtype) {
  const float most = largest_finite(dtype);
  const auto problem = [&](const Value& value) -> std::string {
    if (value.is_constant()) {
      if (value.constant.empty() || value.dtype != DType::kF32 || magnitude_of(value.constant) <= most) return {};
      return fmt::format("its weight {} reaches {:.4g}, {} ends at {:.4g}", value.name, magnitude_of(value.constant),
                         name(dtype), most);
    }
    const auto found = seen.find(value.name);
    if (found == seen.end()) return {};
    if (!found->second.finite()) return fmt::format("{} held Inf or NaN in calibration", value.name);
    const float reached = std::max(-found->second.low(), found->second.high());
    if (reached <= most) return {};
    return fmt::format("{} reached {:.4g} in calibration, {} ends at {:.4g}", value.name, reached, name(dtype), most);
  };
  std::map<std::string, std::string> nodes;
  for (const Node& node : graph.nodes()) {
    std::vector<ValueId> values = node.inputs;
    values.insert(values.end(), node.outputs.begin(), node.outputs.end());
    for (const ValueId id : values) {
      if (id == kNoValue || nodes.contains(node.name)) continue;
      if (std::string reason = problem(graph.value(id)); !reason.empty()) nodes[node.name] = std::move(reason);
    }
  }
  return nodes;
}

std::optional<Unsafe> first_not_finite(PlainResults& plain, std::shared_ptr<const Executor> lowered,
                                       Precision precision) {
  const std::vector<NodeCount> expected = count_not_finite(plain.plan(), plain.divergence());
  for (const NodeCount& got : count_not_finite(std::move(lowered), plain.divergence())) {
    const auto before = std::ranges::find(expected, got.node, &NodeCount::node);
    if (before == expected.end() || got.not_finite <= before->not_finite) continue;
    return Unsafe{got.node,
                  fmt::format("{} Inf or NaN in {} on {} calibration images, {} in fp32", got.not_finite,
                              name(precision), std::min(plain.divergence().images(), kImages), before->not_finite)};
  }
  return std::nullopt;
}

std::map<std::string, std::string> unsafe_nodes(const Graph& base, PlainResults& plain, const OptimizeTarget& target,
                                                const OptimizeData& data, const DecodeLimits& limits,
                                                const PrecisionPlan& plan) {
  OptimizeData few = data;
  few.calibration.resize(std::min(few.calibration.size(), kImages));
  const Observation seen = observe(plain.plan(), few, limits);
  PrecisionPlan safe = plan;
  const DType dtype = plan.precision == Precision::kFp16 ? DType::kF16 : DType::kBF16;
  for (auto& [node, reason] : out_of_range(base, seen.histograms, dtype)) safe.widened[node] = reason;
  for (int round = 0; round < kMostRounds; ++round) {
    const auto found =
        first_not_finite(plain, quick_executor(lower_to(base, safe, {}, target.context).graph, target), plan.precision);
    if (!found || safe.widened.contains(found->node)) break;
    safe.widened[found->node] = found->reason;
  }
  for (const auto& [node, reason] : safe.widened) log_info("{} stays in fp32: {}", node, reason);
  return safe.widened;
}

}  // namespace fovea
