#include <algorithm>
#include <limits>

#include "classifier/attention.h"
#include "engine/layout.h"
#include "engine/pixel_context.h"

namespace fovea {
namespace {

/// The end of a plan from global average pooling on: `features` are pooled into `pooled`, from which steps
/// [first_step, …) make `logits` and the softmax, reading nothing else.
struct Tail {
  ValueId features, pooled, logits;
  std::size_t first_step;
};

bool averages_positions(const Plan& plan, const Node& node) {
  if (node.inputs.empty() || node.inputs[0] == kNoValue) return false;
  const Shape& shape = plan.graph.value(node.inputs[0]).shape;
  if (shape.rank() != 4 || shape[2] * shape[3] <= 1) return false;
  if (plan.graph.value(node.outputs[0]).shape.elements() != shape[0] * shape[1]) return false;
  if (const auto* pool = std::get_if<GlobalPool>(&node.op)) return pool->kind == PoolKind::kAverage;
  if (const auto* pool = std::get_if<Pool>(&node.op)) return pool->kind == PoolKind::kAverage;
  const auto* reduce = std::get_if<Reduce>(&node.op);
  return reduce != nullptr && reduce->kind == ReduceKind::kMean;
}

/// The class's logit must be a weighted sum of the pooled channels: behind the pool nothing bends, and no two values
/// meet.
bool keeps_sums(const Graph& graph, const Node& node) {
  if (const Activation* act = epilogue(node.op); act != nullptr && *act) return false;
  if (std::holds_alternative<Unary>(node.op) || std::holds_alternative<PRelu>(node.op) ||
      std::holds_alternative<LayerNorm>(node.op))
    return false;
  return !std::holds_alternative<Binary>(node.op) ||
         std::ranges::any_of(node.inputs, [&](ValueId id) { return graph.value(id).is_constant(); });
}

/// True when every node after `pool` reads constants and what was made from `pooled` only.
bool is_closed(const Graph& graph, std::size_t pool) {
  std::vector<bool> inside(graph.values().size(), false);
  inside[static_cast<std::size_t>(graph.nodes()[pool].outputs[0])] = true;
  for (std::size_t i = pool + 1; i < graph.nodes().size(); ++i) {
    for (const ValueId input : graph.nodes()[i].inputs) {
      const bool known = input == kNoValue || inside[static_cast<std::size_t>(input)];
      if (!known && !graph.value(input).is_constant()) return false;
    }
    for (const ValueId output : graph.nodes()[i].outputs) inside[static_cast<std::size_t>(output)] = true;
  }
  return true;
}

std::optional<Tail> find_tail(const Plan& plan) {
  const auto& nodes = plan.graph.nodes();
  const Node& last = nodes.back();
  if (!std::holds_alternative<Softmax>(last.op)) return std::nullopt;
  std::size_t pool = nodes.size();
  for (std::size_t i = 0; i < nodes.size(); ++i)
    if (averages_positions(plan, nodes[i])) pool = i;
  if (pool == nodes.size() || !is_closed(plan.graph, pool)) return std::nullopt;
  bool weighted = false;
  for (std::size_t i = pool + 1; i + 1 < nodes.size(); ++i) {
    if (!keeps_sums(plan.graph, nodes[i])) return std::nullopt;
    weighted = weighted || macs(plan.graph, nodes[i]) > 0;
  }
  if (!weighted) return std::nullopt;
  // Steps may stand in another order than nodes: the tail must be the last of them.
  std::size_t first_step = plan.steps.size();
  while (first_step > 0 && static_cast<std::size_t>(plan.steps[first_step - 1].node) > pool) --first_step;
  for (std::size_t s = 0; s < first_step; ++s)
    if (static_cast<std::size_t>(plan.steps[s].node) > pool) return std::nullopt;
  return Tail{nodes[pool].inputs[0], nodes[pool].outputs[0], last.inputs[0], first_step};
}

/// What an eight-bit value can hold; features above that are scaled down together, which the weighted sum survives.
float largest_real(const Value& value) {
  if (!value.quant || !is_8bit(value.dtype)) return std::numeric_limits<float>::max();
  const int most = value.dtype == DType::kS8 ? 127 : 255;
  return static_cast<float>(most - value.quant->zero_point.at(0)) * value.quant->scale.at(0);
}

/// Runs the tail on rows of features; `features` is c × positions. Returns the class's logit per position, less that of
/// no features at all (the bias).
std::vector<float> logits_of(ExecutionContext& context, std::size_t plan_index, const Plan& plan, const Tail& tail,
                             const Tensor& features, int class_index) {
  const Value& pooled = plan.graph.value(tail.pooled);
  const Shape& shape = plan.graph.value(tail.features).shape;
  const std::int64_t channels = shape[1], positions = shape[2] * shape[3], batch = plan.batch;
  const auto data = features.data<float>();  // of the first image
  const float most = *std::max_element(data.begin(), data.begin() + channels * positions);
  const float shrink = most > 0 ? std::min(1.0F, largest_real(pooled) / most) : 1.0F;
  Tensor seen;
  context.observe([&](const Plan&, ValueId id, const Tensor& stored) {
    if (id == tail.logits) seen = real_values(plan.graph.value(id), stored);
  });
  std::vector<float> logits;
  for (std::int64_t begin = 0; begin <= positions; begin += batch) {
    Tensor rows = Tensor::zeros(DType::kF32, pooled.shape);  // position `positions` stays zero: the bias
    for (std::int64_t row = 0; row < batch && begin + row < positions; ++row)
      for (std::int64_t c = 0; c < channels; ++c)
        rows.data<float>()[static_cast<std::size_t>(row * channels + c)] =
            data[static_cast<std::size_t>(c * positions + begin + row)] * shrink;
    context.rerun(plan_index, tail.first_step, tail.pooled, stored_values(pooled, rows));
    const std::int64_t classes = seen.elements() / batch;
    for (std::int64_t row = 0; row < batch && begin + row <= positions; ++row)
      logits.push_back(seen.data<float>()[static_cast<std::size_t>(row * classes + class_index)]);
  }
  const float bias = logits.back();
  logits.pop_back();
  for (float& logit : logits) logit -= bias;
  return logits;
}

}  // namespace

std::optional<Attention> class_activation_map(const Classifier& classifier, std::span<const std::uint8_t> pixels,
                                              int class_index) {
  const Executor& executor = *classifier.executor();
  const std::size_t index = executor.cover().next(1);
  const Plan& plan = executor.engine().plans[index];
  const std::optional<Tail> tail = find_tail(plan);
  if (!tail) return std::nullopt;
  PixelContext context(classifier.executor());
  Tensor features;
  context.context().observe([&](const Plan&, ValueId id, const Tensor& stored) {
    if (id == tail->features) features = real_values(plan.graph.value(id), stored);
  });
  std::vector<float> probabilities(static_cast<std::size_t>(classifier.classes()));
  context.run(pixels, 1, probabilities);
  if (features.empty()) return std::nullopt;
  const Shape& shape = plan.graph.value(tail->features).shape;
  Attention attention{"class_activation", class_index, static_cast<int>(shape[3]), static_cast<int>(shape[2]), {}};
  attention.map = logits_of(context.context(), index, plan, *tail, features, class_index);
  const auto [least, most] = std::minmax_element(attention.map.begin(), attention.map.end());
  const float low = *most > 0 ? 0.0F : *least, range = *most - low;  // negative evidence is none, unless all is
  for (float& value : attention.map) value = range > 0 ? std::max(0.0F, value - low) / range : 0;
  return attention;
}

}  // namespace fovea
