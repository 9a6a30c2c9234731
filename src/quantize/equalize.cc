#include "quantize/equalize.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/error.h"

namespace fovea {
namespace {

constexpr int kRounds = 20;  ///< pairs that share a convolution pull at each other
constexpr float kMargin = 1.25F, kLeast = 1e-2F, kMost = 1e2F;

struct Pair {
  std::size_t first = 0, second = 0;  ///< nodes
};

bool has_weights(const Graph& graph, const Node& node) {
  return std::holds_alternative<Conv2d>(node.op) && !graph.input_of(node, 1).constant.empty() &&
         graph.input_of(node, 1).dtype == DType::kF32;
}

bool is_depthwise(const Graph& graph, const Node& node) {
  const Shape& w = graph.input_of(node, 1).shape;
  return std::get<Conv2d>(node.op).groups == w[0] && w[1] == 1;
}

bool is_homogeneous(const Activation& act) {
  return act.function == Function::kIdentity || act.function == Function::kRelu || act.function == Function::kLeakyRelu;
}

bool is_clip_from_zero(const Activation& act) {
  return act.function == Function::kClip && act.alpha == 0 && act.beta > 0;
}

std::optional<Pair> pair_from(const Graph& graph, const GraphIndex& index, std::size_t i) {
  const Node& node = graph.nodes()[i];
  if (!has_weights(graph, node)) return std::nullopt;
  const auto& conv = std::get<Conv2d>(node.op);
  if (conv.residual || (!is_homogeneous(conv.act) && !is_clip_from_zero(conv.act))) return std::nullopt;
  if (index.use_count(node.outputs[0]) != 1 || index.consumers(node.outputs[0]).size() != 1) return std::nullopt;
  const auto next = static_cast<std::size_t>(index.consumers(node.outputs[0])[0]);
  const Node& user = graph.nodes()[next];
  if (!has_weights(graph, user) || user.inputs[0] != node.outputs[0]) return std::nullopt;
  if (std::get<Conv2d>(user.op).groups != 1 && !is_depthwise(graph, user)) return std::nullopt;
  return Pair{i, next};
}

/// Calls visit(channel, element) for every element of the second weight; channel: of its input.
template <typename Visit>
void by_input_channel(const Graph& graph, const Node& node, std::span<float> weight, const Visit& visit) {
  const Shape& shape = graph.input_of(node, 1).shape;
  const auto outputs = static_cast<std::size_t>(shape[0]), inputs = static_cast<std::size_t>(shape[1]);
  const std::size_t window = weight.size() / (outputs * inputs);
  const bool depthwise = is_depthwise(graph, node);
  for (std::size_t k = 0; k < outputs; ++k)
    for (std::size_t c = 0; c < inputs; ++c)
      for (std::size_t at = 0; at < window; ++at) visit(depthwise ? k : c, weight[(k * inputs + c) * window + at]);
}

/// A constant that unshare() made.
std::span<float> own(Graph& graph, const Node& node, std::size_t input) {
  return graph.value(node.inputs[input]).constant.data<float>();
}

/// Other nodes may share a constant: these two get copies.
void unshare(Graph& graph, std::size_t node, std::size_t input) {
  if (!graph.has_input(graph.nodes()[node], input)) return;
  const Value& value = graph.input_of(graph.nodes()[node], input);
  const std::string name = value.name + "/equalized";
  const Tensor copy = value.constant.clone();
  graph.nodes()[node].inputs[input] = graph.add_constant(name, copy);
}

void apply_pair(Graph& graph, const Pair& pair, std::span<const float> scales) {
  const Node& first = graph.nodes()[pair.first];
  const Node& second = graph.nodes()[pair.second];
  const std::span<float> before = own(graph, first, 1);
  const std::size_t inner = before.size() / scales.size();
  for (std::size_t i = 0; i < before.size(); ++i) before[i] /= scales[i / inner];
  if (graph.has_input(first, 2)) {
    const std::span<float> bias = own(graph, first, 2);
    for (std::size_t i = 0; i < bias.size(); ++i) bias[i] /= scales[i];
  }
  by_input_channel(graph, second, own(graph, second, 1), [&](std::size_t c, float& w) { w *= scales[c]; });
}

/// √(r₁/r₂) by channel, of the weights as they are now.
std::vector<float> wanted_scales(Graph& graph, const Pair& pair) {
  const Node& first = graph.nodes()[pair.first];
  const Node& second = graph.nodes()[pair.second];
  const Tensor& weight = graph.input_of(first, 1).constant;
  const auto channels = static_cast<std::size_t>(weight.shape()[0]);
  const std::size_t inner = static_cast<std::size_t>(weight.elements()) / channels;
  std::vector<float> before(channels), after(channels);
  const std::span<const float> rows = weight.data<float>();
  for (std::size_t i = 0; i < rows.size(); ++i) before[i / inner] = std::max(before[i / inner], std::abs(rows[i]));
  by_input_channel(graph, second, graph.value(second.inputs[1]).constant.data<float>(),
                   [&](std::size_t c, const float& w) { after[c] = std::max(after[c], std::abs(w)); });
  std::vector<float> scales(channels, 1);
  for (std::size_t c = 0; c < channels; ++c)
    if (before[c] > 0 && after[c] > 0) scales[c] = std::sqrt(before[c] / after[c]);
  return scales;
}

/// Keeps the product of all rounds within what the activation allows.
void restrict(std::vector<float>& step, const std::vector<float>& total, const Activation& act,
              const ChannelFigures* seen) {
  for (std::size_t c = 0; c < step.size(); ++c) {
    float low = kLeast, high = kMost;
    if (is_clip_from_zero(act)) {
      const float share = seen->highest[c] / act.beta;
      low = std::max(kLeast, std::min(1.0F, kMargin * share));
      if (share >= 0.999F) high = 1;
    }
    step[c] = std::clamp(total[c] * step[c], low, high) / total[c];
  }
}

}  // namespace

ChannelScales equalization_scales(const Graph& graph, const std::map<std::string, ChannelFigures>& channels) {
  Graph work = graph;
  const GraphIndex index(work);
  ChannelScales totals;
  std::vector<std::pair<Pair, const ChannelFigures*>> pairs;
  for (std::size_t i = 0; i < work.nodes().size(); ++i) {
    const auto pair = pair_from(work, index, i);
    if (!pair) continue;
    const Node& node = work.nodes()[i];
    const auto seen = channels.find(work.value(node.outputs[0]).name);
    const auto count = static_cast<std::size_t>(work.input_of(node, 1).shape[0]);
    const bool known = seen != channels.end() && seen->second.highest.size() == count;
    if (is_clip_from_zero(std::get<Conv2d>(node.op).act) && !known) continue;
    pairs.emplace_back(*pair, known ? &seen->second : nullptr);
    totals[node.name].assign(count, 1);
  }
  for (const auto& [pair, seen] : pairs) {
    unshare(work, pair.first, 1);
    unshare(work, pair.first, 2);
    unshare(work, pair.second, 1);
  }
  for (int round = 0; round < kRounds; ++round)
    for (const auto& [pair, seen] : pairs) {
      const Node& node = work.nodes()[pair.first];
      std::vector<float>& total = totals[node.name];
      std::vector<float> step = wanted_scales(work, pair);
      restrict(step, total, std::get<Conv2d>(node.op).act, seen);
      apply_pair(work, pair, step);
      for (std::size_t c = 0; c < total.size(); ++c) total[c] *= step[c];
    }
  return totals;
}

void equalize(Graph& graph, const ChannelScales& scales) {
  const GraphIndex index(graph);
  for (std::size_t i = 0; i < graph.nodes().size(); ++i) {
    const auto found = scales.find(graph.nodes()[i].name);
    if (found == scales.end()) continue;
    const auto pair = pair_from(graph, index, i);
    const bool fits =
        pair && static_cast<std::size_t>(graph.input_of(graph.nodes()[i], 1).shape[0]) == found->second.size();
    require(fits && std::ranges::all_of(found->second, [](float s) { return s > 0 && std::isfinite(s); }),
            ErrorKind::kCorruptFile, "[equalize] the scales of {} do not fit the model", found->first);
    unshare(graph, pair->first, 1);
    unshare(graph, pair->first, 2);
    unshare(graph, pair->second, 1);
    apply_pair(graph, *pair, found->second);
  }
  graph.compact();
}

}  // namespace fovea
