#include "passes/type_quantization.h"

#include <algorithm>

#include "graph/reference.h"
#include "passes/fold_constants.h"
#include "passes/quantized.h"
#include "passes/rewrite.h"

namespace fovea {
namespace {

using Typed = std::vector<std::optional<Quantization>>;  ///< by value: its type if it may have one

/// Scale and zero point of a quantize or dequantize node, where they are constants.
std::optional<Quantization> parameters(const Graph& graph, const Node& node, std::int64_t axis, int rank) {
  const Tensor* scale = rewrite::float_constant(graph, node, 1);
  if (!scale || !std::ranges::all_of(scale->data<float>(), [](float s) { return s > 0; })) return std::nullopt;
  Quantization made;
  made.scale.assign(scale->data<float>().begin(), scale->data<float>().end());
  made.zero_point.assign(made.scale.size(), 0);
  made.axis = scale->elements() == 1 ? -1 : normal_axis(axis, rank);
  if (!graph.has_input(node, 2)) return made;
  const Tensor& zero = graph.input_of(node, 2).constant;
  if (zero.empty() || static_cast<std::size_t>(zero.elements()) != made.scale.size()) return std::nullopt;
  if (zero.dtype() == DType::kF8) return made;  // FP8 has no zero point but 0
  const Tensor wide = to_s64(zero);
  std::ranges::transform(wide.data<std::int64_t>(), made.zero_point.begin(),
                         [](std::int64_t z) { return static_cast<std::int32_t>(z); });
  return made;
}

std::optional<Quantization> of_quantize(const Graph& graph, const Node& node) {
  const auto* op = std::get_if<Quantize>(&node.op);
  if (!op || !is_scaled8(op->to)) return std::nullopt;
  if (!is_plain_f32(graph.input_of(node, 0))) return std::nullopt;
  return parameters(graph, node, op->axis, graph.input_of(node, 0).shape.rank());
}

std::optional<Quantization> of_dequantize(const Graph& graph, const Node& node) {
  const auto* op = std::get_if<Dequantize>(&node.op);
  if (!op) return std::nullopt;
  return parameters(graph, node, op->axis, graph.input_of(node, 0).shape.rank());
}

/// Integers between quantize and dequantize, through nodes that only move them.
bool carries(const Graph& graph, const Node& node, const Typed& typed) {
  const auto known = [&](ValueId id) { return id != kNoValue && typed[static_cast<std::size_t>(id)].has_value(); };
  if (std::holds_alternative<Concat>(node.op))
    return std::ranges::all_of(node.inputs, [&](ValueId id) {
      return known(id) && typed[static_cast<std::size_t>(id)] == typed[static_cast<std::size_t>(node.inputs[0])];
    });
  return moves_elements(node.op) && known(node.inputs[0]) && node.outputs.size() == 1 &&
         !graph.value(node.inputs[0]).quant;
}

/// Every reader of a typed value must understand it: a dequantize with the same parameters, or a carrier.
bool consistent(const Graph& graph, const GraphIndex& index, const Typed& typed, ValueId id) {
  const auto& type = typed[static_cast<std::size_t>(id)];
  const Node* made = rewrite::producer(graph, index, id);
  if (rewrite::is_output(graph, id) || !made) return false;
  if (!std::holds_alternative<Quantize>(made->op) && !carries(graph, *made, typed)) return false;
  return std::ranges::all_of(index.consumers(id), [&](int c) {
    const Node& user = graph.nodes()[static_cast<std::size_t>(c)];
    if (std::holds_alternative<Dequantize>(user.op)) return of_dequantize(graph, user) == type;
    return carries(graph, user, typed) && typed[static_cast<std::size_t>(user.outputs[0])] == type;
  });
}

Typed typed_values(const Graph& graph) {
  const GraphIndex index(graph);
  Typed typed(graph.values().size());
  for (const Node& node : graph.nodes()) {
    auto& out = typed[static_cast<std::size_t>(node.outputs[0])];
    if (const auto own = of_quantize(graph, node); own && own->axis < 0)
      out = own;
    else if (carries(graph, node, typed))
      out = typed[static_cast<std::size_t>(node.inputs[0])];
  }
  for (bool changed = true; changed;) {
    changed = false;
    for (ValueId id = 0; id < static_cast<ValueId>(typed.size()); ++id) {
      auto& type = typed[static_cast<std::size_t>(id)];
      if (!type || consistent(graph, index, typed, id)) continue;
      type.reset();
      changed = true;
    }
  }
  return typed;
}

// dequantize(const) → identity(const with its scales); what is no 8-bit weight (a bias in s32) → const in f32
bool type_constant(Graph& graph, const GraphIndex& index, std::size_t i) {
  const Node& node = graph.nodes()[i];
  const auto type = of_dequantize(graph, node);
  if (!type || graph.input_of(node, 0).constant.empty()) return false;
  const Value& q = graph.input_of(node, 0);
  if (!is_scaled8(q.dtype)) {
    const Tensor inputs[3] = {q.constant, graph.input_of(node, 1).constant,
                              graph.has_input(node, 2) ? graph.input_of(node, 2).constant : Tensor()};
    Tensor real = run_reference(graph, node, std::span(inputs, node.inputs.size()))[0];
    graph.value(node.outputs[0]).constant = std::move(real);
    rewrite::erase(graph, i);
    return true;
  }
  ValueId id = node.inputs[0];
  if (q.quant != type) {
    // Others may read the integers, or with other scales.
    if (q.quant || index.use_count(id) > 1) id = rewrite::constant_like(graph, q.name, q.constant);
    graph.value(id).quant = type;
  }
  graph.nodes()[i].op = Identity{};
  graph.nodes()[i].inputs = {id};
  return true;
}

// quantize(x, s, z) … dequantize(q, s, z) → identity to a type with scale s and zero point z … identity to f32
bool type_activations(Graph& graph) {
  const Typed typed = typed_values(graph);
  bool changed = false;
  for (Node& node : graph.nodes()) {
    const bool is_dequantize = std::holds_alternative<Dequantize>(node.op);
    const bool converts = is_dequantize || std::holds_alternative<Quantize>(node.op);
    if (!converts || !typed[static_cast<std::size_t>(is_dequantize ? node.inputs[0] : node.outputs[0])]) continue;
    node.op = Identity{};
    node.inputs.resize(1);
    changed = true;
  }
  for (std::size_t id = 0; id < typed.size(); ++id)
    if (typed[id] && !graph.value(static_cast<ValueId>(id)).quant)
      graph.value(static_cast<ValueId>(id)).quant = typed[id];
  if (changed) graph.compact();
  return changed;
}

}  // namespace

bool type_quantization(Graph& graph, const PassContext& context) {
  bool changed = fold_constants(graph, context);  // weights that are quantised by nodes
  changed |= rewrite::everywhere(
      graph, [](Graph& g, const GraphIndex& index, std::size_t i) { return type_constant(g, index, i); });
  return type_activations(graph) || changed;
}

}  // namespace fovea
