#include "passes/affine.h"

#include <algorithm>
#include <cmath>

#include "passes/rewrite.h"

namespace fovea {
namespace {

using rewrite::constant_like;
using rewrite::float_constant;

std::size_t size(std::int64_t n) { return static_cast<std::size_t>(n); }

/// A constant that differs along axis 1 of `out` only, as one number per channel.
std::optional<std::vector<float>> per_channel(const Tensor& t, const Shape& out) {
  if (t.dtype() != DType::kF32 || out.rank() < 2 || t.shape().rank() > out.rank()) return std::nullopt;
  const std::size_t channels = size(out[1]);
  const auto data = t.data<float>();
  if (t.elements() == 1) return std::vector<float>(channels, data[0]);
  const int offset = out.rank() - t.shape().rank();
  for (int axis = 0; axis < t.shape().rank(); ++axis)
    if (t.shape()[axis] != 1 && axis + offset != 1) return std::nullopt;
  if (data.size() != channels) return std::nullopt;
  return std::vector<float>(data.begin(), data.end());
}

std::optional<AffineNode> of_batch_norm(const Graph& graph, const Node& node, const BatchNorm& op) {
  const Tensor* operands[4];
  for (std::size_t k = 0; k < 4; ++k)
    if (!(operands[k] = float_constant(graph, node, k + 1))) return std::nullopt;
  const auto scale = operands[0]->data<float>(), bias = operands[1]->data<float>(), mean = operands[2]->data<float>(),
             var = operands[3]->data<float>();
  Affine made;
  for (std::size_t c = 0; c < scale.size(); ++c) {
    const double factor = scale[c] / std::sqrt(static_cast<double>(var[c]) + op.epsilon);
    made.scale.push_back(static_cast<float>(factor));
    made.shift.push_back(static_cast<float>(bias[c] - mean[c] * factor));
  }
  return AffineNode{std::move(made), 0};
}

std::optional<Affine> of_kind(BinaryKind kind, bool constant_first, const std::vector<float>& t) {
  Affine made{std::vector<float>(t.size(), 1.0F), std::vector<float>(t.size(), 0.0F)};
  const bool zero = std::find(t.begin(), t.end(), 0.0F) != t.end();
  for (std::size_t c = 0; c < t.size(); ++c) {
    if (kind == BinaryKind::kAdd) {
      made.shift[c] = t[c];
    } else if (kind == BinaryKind::kMul) {
      made.scale[c] = t[c];
    } else if (kind == BinaryKind::kSub) {
      made.scale[c] = constant_first ? -1.0F : 1.0F;
      made.shift[c] = constant_first ? t[c] : -t[c];
    } else if (kind == BinaryKind::kDiv && !constant_first && !zero) {
      made.scale[c] = 1.0F / t[c];
    } else {
      return std::nullopt;
    }
  }
  return made;
}

std::optional<AffineNode> of_binary(const Graph& graph, const Node& node, const Binary& op) {
  for (const std::size_t k : {std::size_t{1}, std::size_t{0}}) {
    const Tensor* t = float_constant(graph, node, k);
    const Shape& out = graph.value(node.outputs[0]).shape;
    if (!t || graph.input_of(node, 1 - k).shape != out) continue;
    const auto values = per_channel(*t, out);
    if (!values) return std::nullopt;
    auto made = of_kind(op.kind, k == 0, *values);
    if (!made) return std::nullopt;
    return AffineNode{std::move(*made), 1 - k};
  }
  return std::nullopt;
}

/// Bias as one number per output channel; zeros where there is none. nullopt: not a constant of that form.
std::optional<std::vector<float>> bias_of(const Graph& graph, const Node& node, std::size_t channels) {
  if (!graph.has_input(node, 2)) return std::vector<float>(channels, 0.0F);
  const Tensor* b = float_constant(graph, node, 2);
  if (!b) return std::nullopt;
  auto values = per_channel(*b, Shape{1, static_cast<std::int64_t>(channels)});
  const auto* gemm = std::get_if<Gemm>(&node.op);
  if (values && gemm)
    for (float& v : *values) v *= gemm->beta;
  return values;
}

/// New weights and bias in place of the old ones.
Node with_constants(Graph& graph, const Node& node, Tensor w, const std::vector<float>& bias) {
  Node made = node;
  made.inputs[1] = constant_like(graph, graph.value(node.inputs[1]).name, std::move(w));
  const std::string name = graph.has_input(node, 2) ? graph.value(node.inputs[2]).name : node.name + ".bias";
  if (made.inputs.size() < 3) made.inputs.push_back(kNoValue);
  made.inputs[2] = constant_like(graph, name, Tensor::of<float>({static_cast<std::int64_t>(bias.size())}, bias));
  if (auto* gemm = std::get_if<Gemm>(&made.op)) gemm->beta = 1;
  return made;
}

/// Weights as [outputs][inputs per group][taps] for both ops: how to step through them.
struct Strides {
  std::size_t outputs, inputs, taps, output_step, input_step, groups;
};
std::optional<Strides> strides_of(const Node& node, const Shape& w) {
  if (const auto* conv = std::get_if<Conv2d>(&node.op)) {
    const std::size_t taps = size(w[2] * w[3]), inputs = size(w[1]);
    return Strides{size(w[0]), inputs, taps, inputs * taps, taps, size(conv->groups)};
  }
  if (const auto* gemm = std::get_if<Gemm>(&node.op); gemm && w.rank() == 2) {
    const std::size_t rows = size(w[0]), columns = size(w[1]);
    return gemm->trans_b ? Strides{rows, columns, 1, columns, 1, 1} : Strides{columns, rows, 1, 1, columns, 1};
  }
  return std::nullopt;
}

}  // namespace

bool Affine::shifts() const {
  return std::any_of(shift.begin(), shift.end(), [](float s) { return s != 0; });
}

std::optional<AffineNode> affine_of(const Graph& graph, const Node& node) {
  if (graph.value(node.outputs[0]).dtype != DType::kF32) return std::nullopt;
  if (const auto* norm = std::get_if<BatchNorm>(&node.op)) return of_batch_norm(graph, node, *norm);
  if (const auto* binary = std::get_if<Binary>(&node.op)) return of_binary(graph, node, *binary);
  return std::nullopt;
}

std::optional<Node> with_affine_after(Graph& graph, const Node& node, const Affine& affine) {
  const auto* conv = std::get_if<Conv2d>(&node.op);
  const Activation* act = epilogue(node.op);
  if (!act || *act || (conv && conv->residual)) return std::nullopt;
  const Tensor* old = float_constant(graph, node, 1);
  const auto s = old ? strides_of(node, old->shape()) : std::nullopt;
  if (!s || affine.scale.size() != s->outputs) return std::nullopt;
  auto bias = bias_of(graph, node, s->outputs);
  if (!bias) return std::nullopt;
  Tensor w = old->clone();
  const auto data = w.data<float>();
  for (std::size_t o = 0; o < s->outputs; ++o) {
    for (std::size_t i = 0; i < s->inputs; ++i)
      for (std::size_t t = 0; t < s->taps; ++t) data[o * s->output_step + i * s->input_step + t] *= affine.scale[o];
    (*bias)[o] = (*bias)[o] * affine.scale[o] + affine.shift[o];
  }
  return with_constants(graph, node, std::move(w), *bias);
}

std::optional<Node> with_affine_before(Graph& graph, const Node& node, const Affine& affine) {
  const auto* conv = std::get_if<Conv2d>(&node.op);
  const auto* gemm = std::get_if<Gemm>(&node.op);
  const Tensor* old = float_constant(graph, node, 1);
  if (!old || (gemm && gemm->trans_a)) return std::nullopt;
  if (conv && conv->pads != std::array{0, 0, 0, 0} && affine.shifts()) return std::nullopt;
  const auto s = strides_of(node, old->shape());
  if (!s || affine.scale.size() != s->inputs * s->groups) return std::nullopt;
  auto bias = bias_of(graph, node, s->outputs);
  if (!bias) return std::nullopt;
  Tensor w = old->clone();
  const auto data = w.data<float>();
  const float alpha = gemm ? gemm->alpha : 1.0F;
  for (std::size_t o = 0; o < s->outputs; ++o) {
    const std::size_t first = o / (s->outputs / s->groups) * s->inputs;
    double sum = 0;
    for (std::size_t i = 0; i < s->inputs; ++i)
      for (std::size_t t = 0; t < s->taps; ++t) {
        float& v = data[o * s->output_step + i * s->input_step + t];
        sum += static_cast<double>(v) * affine.shift[first + i];
        v *= affine.scale[first + i];
      }
    (*bias)[o] += alpha * static_cast<float>(sum);
  }
  return with_constants(graph, node, std::move(w), *bias);
}

}  // namespace fovea
