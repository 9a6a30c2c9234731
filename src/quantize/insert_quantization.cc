#include "quantize/insert_quantization.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "base/error.h"
#include "quantize/avoid_ties.h"
#include "quantize/roles.h"

namespace fovea {
namespace {

bool starts_at_zero(const Range& range, const QuantizeForm& form) {
  return form.numbers == QuantizedNumbers::kInteger && range.low >= 0;
}

bool is_shifted(const Range& range, const QuantizeForm& form) {
  return form.numbers == QuantizedNumbers::kInteger && range.low < 0 && form.asymmetric;
}

float scale_of(const Range& range, const QuantizeForm& form) {
  if (starts_at_zero(range, form)) return range.high / 255;
  if (is_shifted(range, form)) return (range.high - range.low) / 255;
  return std::max(-range.low, range.high) / (form.numbers == QuantizedNumbers::kFloat8 ? kLargestF8 : 127);
}

class Inserter {
 public:
  Inserter(Graph& graph, const Ranges& ranges, const QuantizeOptions& options)
      : graph_(graph), ranges_(ranges), options_(options) {}

  std::vector<Fallback> run() {
    const Grid grid = grid_of(graph_, ranges_, options_.form);
    decide();
    share_scales();
    std::vector<std::string> names;
    for (const Node& node : graph_.nodes())
      if (lowered_.contains(node.name)) names.push_back(node.name);
    for (const auto& [value, range] : chosen_) quantize_activation(value, range, grid);
    for (const std::string& name : names) quantize_weights(name, grid.weights.at(name));
    graph_.compact();
    return std::move(fallbacks_);
  }

  /// The scales that run() gives where nothing is kept wide.
  Grid grid() {
    decide();
    share_scales();
    Grid made;
    for (const auto& [value, range] : chosen_)
      made.activations[graph_.value(value).name] = {range, scale_of(range, options_.form)};
    for (const Node& node : graph_.nodes())
      if (role_of(graph_, node) == Role::kCompute && graph_.input_of(node, 1).constant.dtype() == DType::kF32)
        made.weights[node.name] = weight_scales(graph_.input_of(node, 1).constant, channel_axis(node), options_.form);
    if (options_.form.tie_free && options_.form.numbers != QuantizedNumbers::kFloat8) avoid_ties(graph_, made);
    return made;
  }

 private:
  std::optional<Range> range_of(ValueId id) const {
    const auto found = ranges_.find(graph_.value(id).name);
    if (found == ranges_.end() || found->second.high - found->second.low <= 0) return std::nullopt;
    return found->second;
  }

  /// Compute nodes first; carrying and combining nodes follow where a quantised value reaches them.
  void decide() {
    for (const Node& node : graph_.nodes()) {
      if (role_of(graph_, node) != Role::kCompute) continue;
      if (options_.keep.contains(node.name)) {
        fallbacks_.push_back({node.name, "fp32", "kept by the user"});
        continue;
      }
      const std::vector<std::size_t> data = data_inputs(graph_, node);
      const bool known = std::ranges::all_of(data, [&](std::size_t i) { return range_of(node.inputs[i]).has_value(); });
      if (!known) {
        fallbacks_.push_back({node.name, "fp32", "calibration saw no finite range at its input"});
        continue;
      }
      lowered_.insert(node.name);
      for (const std::size_t i : data) chosen_[node.inputs[i]] = *range_of(node.inputs[i]);
    }
    spread();
  }

  /// From a quantised value back through the nodes that made it by carrying or combining, so that their inputs are
  /// 8-bit too.
  void spread() {
    bool changed = true;
    while (changed) {
      changed = false;
      const GraphIndex index(graph_);
      for (std::size_t n = graph_.nodes().size(); n-- > 0;) {
        const Node& node = graph_.nodes()[n];
        const Role role = role_of(graph_, node);
        if ((role != Role::kCarry && role != Role::kCombine) || options_.keep.contains(node.name)) continue;
        const bool wanted = std::ranges::all_of(node.outputs, [&](ValueId id) { return chosen_.contains(id); });
        if (!wanted) continue;
        for (const std::size_t i : data_inputs(graph_, node)) {
          const ValueId input = node.inputs[i];
          if (chosen_.contains(input) || !range_of(input)) continue;
          chosen_[input] = *range_of(input);
          changed = true;
        }
      }
    }
  }

  /// A carrying node can't rescale: its inputs and outputs get one range, the widest of them.
  void share_scales() {
    bool changed = true;
    while (changed) {
      changed = false;
      for (const Node& node : graph_.nodes()) {
        if (role_of(graph_, node) != Role::kCarry) continue;
        std::vector<ValueId> group = node.outputs;
        for (const std::size_t i : data_inputs(graph_, node)) group.push_back(node.inputs[i]);
        if (!std::ranges::all_of(group, [&](ValueId id) { return chosen_.contains(id); })) continue;
        Range widest;
        for (const ValueId id : group)
          widest = {std::min(widest.low, chosen_[id].low), std::max(widest.high, chosen_[id].high)};
        for (const ValueId id : group) {
          changed |= !(chosen_[id] == widest);
          chosen_[id] = widest;
        }
      }
    }
  }

  void quantize_activation(ValueId id, const Range& range, const Grid& grid) {
    const bool is_unsigned = starts_at_zero(range, options_.form), shifted = is_shifted(range, options_.form);
    const bool float8 = options_.form.numbers == QuantizedNumbers::kFloat8;
    const auto planned = grid.activations.find(graph_.value(id).name);
    const bool as_planned = planned != grid.activations.end() && planned->second.range == range;
    const float scale = as_planned ? planned->second.scale : scale_of(range, options_.form);
    const auto zero_point = static_cast<std::uint8_t>(shifted ? std::nearbyint(-range.low / scale) : 0);
    const std::string name = graph_.value(id).name;
    const ValueId scale_id = graph_.add_constant(name + "/scale", Tensor::scalar(scale));
    const DType stored_type = is_unsigned || shifted ? DType::kU8 : float8 ? DType::kF8 : DType::kS8;
    Tensor zero = Tensor::zeros(stored_type, {});
    zero.bytes()[0] = static_cast<std::byte>(zero_point);
    const ValueId zero_id = graph_.add_constant(name + "/zero", zero);
    std::size_t at = 0;
    for (std::size_t n = 0; n < graph_.nodes().size(); ++n)
      if (std::ranges::find(graph_.nodes()[n].outputs, id) != graph_.nodes()[n].outputs.end()) at = n + 1;
    const ValueId placeholder = graph_.add_constant(name + "/placeholder", Tensor::scalar(0));
    graph_.replace_uses(id, placeholder);
    const ValueId stored =
        graph_.insert_node(at, Quantize{stored_type, 1}, {id, scale_id, zero_id}, name + "/quantize");
    const ValueId real = graph_.insert_node(at + 1, Dequantize{1}, {stored, scale_id, zero_id}, name + "/dequantize");
    graph_.replace_uses(placeholder, real);
  }

  void quantize_weights(const std::string& node_name, const std::vector<float>& grid) {
    const auto place = std::ranges::find(graph_.nodes(), node_name, &Node::name);
    const ValueId weight = place->inputs[1];
    const int axis = channel_axis(*place);
    const auto quantized =
        options_.form.numbers == QuantizedNumbers::kFloat8 ? quantize_weight_float8 : quantize_weight;
    QuantizedWeight made = quantized(graph_.value(weight).constant, axis, grid);
    if (const auto repaired = options_.weights.find(node_name); repaired != options_.weights.end())
      made.values = repaired->second;
    const std::string name = graph_.value(weight).name;
    const ValueId values = graph_.add_constant(name + "/int8", made.values);
    const ValueId scales = graph_.add_constant(name + "/scale", made.scales);
    const auto at = static_cast<std::size_t>(place - graph_.nodes().begin());
    const ValueId real = graph_.insert_node(at, Dequantize{axis}, {values, scales, kNoValue}, name + "/dequantize");
    graph_.nodes()[at + 1].inputs[1] = real;
    if (const auto repaired = options_.biases.find(node_name); repaired != options_.biases.end()) {
      const ValueId bias = graph_.add_constant(node_name + "/bias_repaired", repaired->second);
      std::vector<ValueId>& inputs = graph_.nodes()[at + 1].inputs;
      if (inputs.size() < 3) inputs.resize(3, kNoValue);
      inputs[2] = bias;
    }
  }

  Graph& graph_;
  const Ranges& ranges_;
  const QuantizeOptions& options_;
  std::set<std::string> lowered_;
  std::map<ValueId, Range> chosen_;
  std::vector<Fallback> fallbacks_;
};

}  // namespace

int channel_axis(const Node& node) {
  if (std::holds_alternative<Conv2d>(node.op)) return 0;
  if (const auto* gemm = std::get_if<Gemm>(&node.op)) return gemm->trans_b ? 0 : 1;
  return 1;
}

namespace {

/// Numbers of magnitude up to `most`, in steps of the scales by channel.
QuantizedWeight scaled_weight(const Tensor& weight, int axis, const std::vector<float>& scales, float most) {
  const Shape& shape = weight.shape();
  std::size_t inner = 1;
  for (int i = axis + 1; i < shape.rank(); ++i) inner *= static_cast<std::size_t>(shape[i]);
  const std::span<const float> from = weight.data<float>();
  QuantizedWeight made{Tensor(DType::kF32, shape), {}};
  const std::span<float> to = made.values.data<float>();
  for (std::size_t i = 0; i < from.size(); ++i)
    to[i] = std::clamp(from[i] / scales[i / inner % scales.size()], -most, most);
  made.scales = scales.size() > 1 || shape[axis] == 1 ? Tensor::of<float>({std::ssize(scales)}, scales)
                                                      : Tensor::scalar(scales[0]);
  return made;
}

}  // namespace

std::vector<float> weight_scales(const Tensor& weight, int axis, const QuantizeForm& form) {
  const float most = form.numbers == QuantizedNumbers::kFloat8 ? kLargestF8 : 127;
  const Shape& shape = weight.shape();
  std::size_t inner = 1;
  for (int i = axis + 1; i < shape.rank(); ++i) inner *= static_cast<std::size_t>(shape[i]);
  std::vector<float> scales(form.per_channel ? static_cast<std::size_t>(shape[axis]) : 1);
  const std::span<const float> from = weight.data<float>();
  for (std::size_t i = 0; i < from.size(); ++i) {
    float& largest = scales[i / inner % scales.size()];
    largest = std::max(largest, std::abs(from[i]));
  }
  for (float& scale : scales) scale = scale > 0 ? scale / most : 1;
  return scales;
}

QuantizedWeight quantize_weight(const Tensor& weight, int axis, const std::vector<float>& scales) {
  QuantizedWeight made = scaled_weight(weight, axis, scales, 127);
  made.values = from_f32(made.values, DType::kS8);
  return made;
}

QuantizedWeight quantize_weight_float8(const Tensor& weight, int axis, const std::vector<float>& scales) {
  QuantizedWeight made = scaled_weight(weight, axis, scales, kLargestF8);
  made.values = from_f32(made.values, DType::kF8);
  return made;
}

Grid grid_of(const Graph& graph, const Ranges& ranges, const QuantizeForm& form) {
  Graph copy = graph;
  const QuantizeOptions options{{}, form, {}, {}};
  return Inserter(copy, ranges, options).grid();
}

bool is_quantizable(const Graph& graph, const Node& node) { return role_of(graph, node) == Role::kCompute; }

std::vector<Fallback> insert_quantization(Graph& graph, const Ranges& ranges, const QuantizeOptions& options) {
  return Inserter(graph, ranges, options).run();
}

}  // namespace fovea
