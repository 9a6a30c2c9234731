#include "quantize/bias_correction.h"

#include <algorithm>
#include <optional>

namespace fovea {
namespace {

/// y = W·x + b without further factors, and a bias of one number per output channel, or none.
bool has_plain_bias(const Graph& graph, const Node& node) {
  const auto* gemm = std::get_if<Gemm>(&node.op);
  if (!std::holds_alternative<Conv2d>(node.op) && (!gemm || gemm->alpha != 1 || gemm->beta != 1)) return false;
  if (!graph.has_input(node, 2)) return true;
  const Value& bias = graph.input_of(node, 2);
  const Shape& weight = graph.input_of(node, 1).shape;
  return !bias.constant.empty() && bias.dtype == DType::kF32 && bias.shape.rank() == 1 &&
         bias.shape[0] == weight[channel_axis(node)];
}

/// ΔW·E[x] by output channel. A weight is k × (c/groups) × window, or of a gemm k × c or c × k.
std::vector<double> mean_shift(const Graph& graph, const Node& node, const QuantizedWeight& made,
                               const std::vector<double>& mean) {
  const Tensor& weight = graph.input_of(node, 1).constant;
  const Shape& shape = weight.shape();
  const int axis = channel_axis(node);
  const auto outputs = static_cast<std::size_t>(shape[axis]), inputs = static_cast<std::size_t>(shape[1 - axis]);
  const std::size_t window = static_cast<std::size_t>(weight.elements()) / (outputs * inputs);
  const auto* conv = std::get_if<Conv2d>(&node.op);
  const std::size_t per_group = outputs / static_cast<std::size_t>(conv ? conv->groups : 1);
  const std::span<const float> real = weight.data<float>();
  const std::span<const std::int8_t> stored = made.values.data<std::int8_t>();
  const std::span<const float> scales = made.scales.data<float>();
  std::vector<double> shift(outputs);
  for (std::size_t k = 0; k < outputs; ++k) {
    const double scale = static_cast<double>(scales.size() == 1 ? scales[0] : scales[k]);
    for (std::size_t c = 0; c < inputs; ++c) {
      const double x = mean[k / per_group * inputs + c];
      const std::size_t at = (axis == 0 ? k * inputs + c : c * outputs + k) * window;
      for (std::size_t i = at; i < at + window; ++i) shift[k] += (scale * stored[i] - static_cast<double>(real[i])) * x;
    }
  }
  return shift;
}

}  // namespace

std::map<std::string, Tensor> corrected_biases(const Int8Recipe& recipe,
                                               const std::map<std::string, ChannelFigures>& channels) {
  const Graph& graph = recipe.base;
  const Grid grid = grid_of(graph, recipe.ranges, recipe.form);
  std::map<std::string, Tensor> biases;
  for (const Node& node : graph.nodes()) {
    if (!is_quantizable(graph, node) || !has_plain_bias(graph, node)) continue;
    const Tensor& weight = graph.input_of(node, 1).constant;
    const auto seen = channels.find(graph.input_of(node, 0).name);
    const auto* conv = std::get_if<Conv2d>(&node.op);
    const std::int64_t inputs = weight.shape()[1 - channel_axis(node)] * (conv ? conv->groups : 1);
    if (weight.empty() || seen == channels.end() || std::ssize(seen->second.mean) != inputs) continue;
    QuantizedWeight made = quantize_weight(weight, channel_axis(node), grid.weights.at(node.name));
    if (const auto better = recipe.weights.find(node.name); better != recipe.weights.end())
      made.values = better->second;
    const std::vector<double> shift = mean_shift(graph, node, made, seen->second.mean);
    std::vector<float> bias(shift.size());
    if (graph.has_input(node, 2)) std::ranges::copy(graph.input_of(node, 2).constant.data<float>(), bias.begin());
    for (std::size_t k = 0; k < bias.size(); ++k) bias[k] -= static_cast<float>(shift[k]);
    biases[node.name] = Tensor::of<float>({std::ssize(bias)}, bias);
  }
  return biases;
}

}  // namespace fovea
