#include "quantize/strong_types.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "passes/common_subexpressions.h"
#include "passes/dead_nodes.h"
#include "passes/merge_reformats.h"
#include "passes/remove_identities.h"
#include "passes/rewrite.h"

namespace fovea {
namespace {

bool converts(const Op& op) {
  return std::holds_alternative<Identity>(op) || std::holds_alternative<Cast>(op) ||
         std::holds_alternative<Quantize>(op) || std::holds_alternative<Dequantize>(op);
}

/// Whether activations in and out have one float type.
bool has_one_type(const Graph& graph, const Node& node) {
  if (converts(node.op)) return true;
  const DType type = graph.value(node.outputs.at(0)).dtype;
  const auto fits = [&](ValueId id) {
    if (id == kNoValue || graph.value(id).is_constant()) return true;
    return graph.value(id).dtype == type && !graph.value(id).quant;
  };
  return std::ranges::all_of(node.inputs, fits) && std::ranges::all_of(node.outputs, fits);
}

/// Casts that meet, and what they leave behind.
std::span<const Pass> cast_passes() {
  static constexpr std::array kPasses = {
      Pass{"merge_reformats", "conversions merge with each other and with what makes the value", merge_reformats},
      Pass{"remove_identities", "removes nodes that change nothing", remove_identities},
      Pass{"common_subexpressions", "computes equal things once", common_subexpressions},
      Pass{"dead_nodes", "removes what no output needs", dead_nodes},
  };
  return kPasses;
}

/// Biases and parameters of normalisations in the type of the data that they meet.
void narrow_parameters(Graph& graph) {
  for (std::size_t n = 0; n < graph.nodes().size(); ++n) {
    if (converts(graph.nodes()[n].op)) continue;
    const DType type = graph.input_of(graph.nodes()[n], 0).dtype;
    if (type != DType::kF16 && type != DType::kBF16) continue;
    for (std::size_t k = 1; k < graph.nodes()[n].inputs.size(); ++k) {
      const ValueId id = graph.nodes()[n].inputs[k];
      if (id == kNoValue || graph.value(id).constant.empty() || graph.value(id).dtype != DType::kF32) continue;
      const Tensor rounded = from_f32(graph.value(id).constant, type);
      const ValueId narrow =
          rewrite::constant_like(graph, graph.value(id).name + "." + std::string(name(type)), rounded);
      graph.nodes()[n].inputs[k] = narrow;
    }
  }
  graph.compact();
}

bool is_weighted(const Node& node) {
  const auto* gemm = std::get_if<Gemm>(&node.op);
  return std::holds_alternative<Conv2d>(node.op) || (gemm != nullptr && gemm->alpha == 1 && gemm->beta == 1);
}

/// Scales of a value that a dequantize node makes; null where none does.
const Tensor* scales_of(const Graph& graph, const GraphIndex& index, ValueId id) {
  const Node* maker = rewrite::producer(graph, index, id);
  if (maker == nullptr || !std::holds_alternative<Dequantize>(maker->op)) return nullptr;
  if (graph.input_of(*maker, 0).dtype == DType::kF8) return nullptr;  // no integers, no grid
  return rewrite::float_constant(graph, *maker, 1);
}

struct IntegerBias {
  Tensor values, scales;
};

std::optional<IntegerBias> integer_bias(const Tensor& bias, float x_scale, const Tensor& w_scales) {
  constexpr double kMost = 2147483647;
  const auto count = static_cast<std::size_t>(bias.elements());
  const std::span<const float> steps = w_scales.data<float>();
  if (bias.shape().rank() != 1 || (steps.size() != 1 && steps.size() != count)) return std::nullopt;
  std::vector<float> scales(count);
  std::vector<std::int32_t> values(count);
  for (std::size_t i = 0; i < count; ++i) {
    scales[i] = x_scale * steps[steps.size() == 1 ? 0 : i];
    const double value = std::nearbyint(static_cast<double>(bias.data<float>()[i]) / static_cast<double>(scales[i]));
    if (!(std::abs(value) <= kMost)) return std::nullopt;
    values[i] = static_cast<std::int32_t>(value);
  }
  return IntegerBias{Tensor::of<std::int32_t>(bias.shape(), values), Tensor::of<float>(bias.shape(), scales)};
}

}  // namespace

TypedGraph type_strongly(const Graph& base, const PrecisionPlan& plan, const Int8Recipe& recipe) {
  TypedGraph typed;
  typed.graph = base;
  set_precision(typed, plan, recipe, {});
  typed.passes = run_passes(typed.graph, cast_passes(), {has_one_type});
  narrow_parameters(typed.graph);
  const GraphIndex index(typed.graph);
  list_fallbacks(typed, plan, [&](const Node& node) { return explicit_precision(typed.graph, index, node); });
  return typed;
}

namespace {

/// Makes what takes the place of a bias of node `n`, which moves where a node is put before it.
using NewBias = ValueId (*)(Graph& graph, std::size_t& n, const std::string& wish, const IntegerBias& made);

void replace_biases(Graph& graph, NewBias make) {
  std::vector<std::string> names;
  for (const Node& node : graph.nodes())
    if (is_weighted(node) && graph.has_input(node, 2)) names.push_back(node.name);
  for (const std::string& name : names) {
    const std::size_t n = rewrite::node_index(graph, name);
    const GraphIndex index(graph);
    const Node& node = graph.nodes()[n];
    const Tensor *x = scales_of(graph, index, node.inputs[0]), *w = scales_of(graph, index, node.inputs[1]),
                 *bias = rewrite::float_constant(graph, node, 2);
    if (x == nullptr || w == nullptr || bias == nullptr || x->elements() != 1) continue;
    const auto made = integer_bias(*bias, x->data<float>()[0], *w);
    if (!made) continue;
    const std::string wish = graph.input_of(node, 2).name;
    std::size_t at = n;
    const ValueId bias_now = make(graph, at, wish, *made);
    graph.nodes()[at].inputs[2] = bias_now;
  }
  graph.compact();
}

}  // namespace

void quantize_biases(Graph& graph) {
  replace_biases(graph, [](Graph& g, std::size_t& n, const std::string& wish, const IntegerBias& made) {
    const ValueId values = g.add_constant(wish + "/int32", made.values);
    const ValueId scales = g.add_constant(wish + "/scale", made.scales);
    return g.insert_node(n++, Dequantize{0}, {values, scales, kNoValue}, wish + "/dequantize");
  });
}

void round_biases(Graph& graph) {
  replace_biases(graph, [](Graph& g, std::size_t&, const std::string& wish, const IntegerBias& made) {
    Tensor real(DType::kF32, made.values.shape());
    const std::span<float> out = real.data<float>();
    for (std::size_t i = 0; i < out.size(); ++i)
      out[i] = static_cast<float>(static_cast<double>(made.values.data<std::int32_t>()[i]) *
                                  static_cast<double>(made.scales.data<float>()[i]));
    return g.add_constant(wish + "/rounded", real);
  });
}

}  // namespace fovea
