#include <algorithm>

#include "backend/cpu/onednn/descriptor.h"
#include "backend/cpu/onednn/epilogue.h"
#include "backend/cpu/onednn/recipe.h"
#include "backend/cpu/onednn/runtime.h"
#include "backend/cpu/tactics.h"
#include "backend/cpu/tactics/support.h"
#include "backend/cpu/tactics/weighted.h"
#include "base/error.h"

namespace fovea::cpu {
namespace {

using onednn::Recipe;

/// Gemm, MatMul and 1 × 1 convolution of one pixel, with constant weights, as y[m,n] = act(alpha · x[m,k] · w + beta ·
/// c).
struct DenseView {
  OperandView x, y;
  OperandView matrix;  ///< the weights
  const OperandView* bias = nullptr;
  bool weights_nk = false;  ///< stored [n,k], else [k,n]
  float alpha = 1, beta = 1;
  Activation act;
  std::int64_t m = 0, n = 0, k = 0;
  std::string reason;  ///< why it is none
  bool quantised() const { return is_8bit(x.dtype); }
  bool with_bias() const { return bias != nullptr || (quantised() && affine(x).zero_point != 0); }
  bool divisible() const { return quantised(); }
};

void read_gemm(DenseView& v, const Gemm& op, const NodeView& view) {
  if (op.trans_a) v.reason = "input 0 is transposed";
  v.weights_nk = op.trans_b;
  v.alpha = op.alpha;
  v.beta = op.beta;
  v.act = op.act;
  if (view.inputs.size() > 2 && view.inputs[2].present) v.bias = &view.inputs[2];
}

bool is_one_pixel(const Shape& shape) { return shape[2] == 1 && shape[3] == 1; }

/// The filter [k,c,1,1] becomes a matrix [k,c].
void read_conv(DenseView& v, const Conv2d& op, const NodeView& view) {
  const bool point = is_one_pixel(view.inputs[0].shape) && is_one_pixel(view.inputs[1].shape);
  if (!point || !is_one_pixel(view.outputs[0].shape) || op.groups != 1) v.reason = "no product with one pixel";
  if (op.residual) v.reason = "it adds a residual";
  v.weights_nk = true;
  v.matrix.shape = {v.matrix.shape[0], v.matrix.shape[1]};
  v.act = op.act;
  if (view.inputs.size() > 2 && view.inputs[2].present) v.bias = &view.inputs[2];
}

DenseView dense_view(const NodeView& view) {
  DenseView v;
  const auto* gemm = std::get_if<Gemm>(&view.op);
  const auto* conv = std::get_if<Conv2d>(&view.op);
  if (gemm == nullptr && conv == nullptr && !std::holds_alternative<MatMul>(view.op)) {
    v.reason = "no matrix product";
    return v;
  }
  v.x = view.inputs.at(0);
  v.y = view.outputs.at(0);
  v.matrix = view.inputs.at(1);
  if (gemm != nullptr) read_gemm(v, *gemm, view);
  if (conv != nullptr) read_conv(v, *conv, view);
  if (v.matrix.shape.rank() != 2 || v.x.shape.rank() < 2) {
    v.reason = "not a matrix times constant weights of rank 2";
    return v;
  }
  v.k = v.matrix.shape[v.weights_nk ? 1 : 0];
  v.n = v.matrix.shape[v.weights_nk ? 0 : 1];
  v.m = v.k == 0 ? 0 : v.x.shape.elements() / v.k;
  v.x.shape = {v.m, v.k};
  v.y.shape = {v.m, v.n};
  return v;
}

Support fits(const NodeView& view, const DenseView& v) {
  if (!v.reason.empty()) return Support::no(v.reason);
  if (auto answer = all_plain(view); !answer) return answer;
  if (auto answer = plain_numbers(view); !answer) return answer;
  if (v.bias != nullptr && !v.bias->constant) return Support::no("the added matrix is no constant");
  if (v.bias != nullptr && v.bias->shape.elements() != v.n && v.bias->shape.elements() != 1) {
    return Support::no("the added matrix differs from row to row");
  }
  if (v.bias != nullptr && v.bias->shape.elements() == v.n && v.n > 1 &&
      v.bias->shape[v.bias->shape.rank() - 1] != v.n) {
    return Support::no("the added matrix is a column");
  }
  if (!v.quantised() && is_8bit(v.y.dtype)) return Support::no("a float input with an 8-bit output");
  return weights_fit(v.x, v.matrix, v.weights_nk ? 0 : 1);
}

dnnl::memory::desc given_weights(const DenseView& v) {
  const auto type = onednn::data_type(v.quantised() ? DType::kS8 : DType::kF32);
  const auto tag = v.weights_nk ? dnnl::memory::format_tag::ab : dnnl::memory::format_tag::ba;
  return {{v.n, v.k}, type, tag};
}

Recipe describe(const NodeView& view) {
  const DenseView v = dense_view(view);
  if (auto answer = fits(view, v); !answer) return Recipe::no(answer.reason);
  Recipe recipe;
  const auto epilogue = onednn::epilogue(v.act, nullptr, v.y, v.divisible(), recipe.reason);
  if (!epilogue) return recipe;
  dnnl::primitive_attr attr = onednn::attributes();
  attr.set_post_ops(epilogue->ops);
  recipe.bound = {{DNNL_ARG_SRC, false, 0, onednn::desc(v.x)}, {DNNL_ARG_DST, true, 0, onednn::desc(v.y)}};
  const auto row_desc = onednn::plain_desc(DType::kF32, {v.n});
  recipe.constants.push_back({DNNL_ARG_WEIGHTS, given_weights(v), true});
  if (v.with_bias()) recipe.constants.push_back({DNNL_ARG_BIAS, row_desc});
  if (v.quantised()) {
    recipe.integer_products = true;
    attr.set_scales_mask(DNNL_ARG_WEIGHTS, 1);
    recipe.constants.push_back({DNNL_ARG_ATTR_SCALES | DNNL_ARG_WEIGHTS, row_desc});
  }
  recipe.primitive = dnnl::inner_product_forward::primitive_desc(
      onednn::engine(), dnnl::prop_kind::forward_inference, onednn::desc(v.x),
      onednn::any_desc(v.quantised() ? DType::kS8 : v.x.dtype, {v.n, v.k}),
      v.with_bias() ? row_desc : dnnl::memory::desc(), onednn::desc(v.y), attr, true);
  return recipe;
}

/// Σ over k of the weights' integers, per output: what an input's zero point adds, as there is no padding here.
std::vector<float> column_sums(const DenseView& v, const Tensor& w) {
  std::vector<float> sums(static_cast<std::size_t>(v.n), 0.0F);
  const auto values = w.data<std::int8_t>();
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t column = v.weights_nk ? i / static_cast<std::size_t>(v.k) : i % static_cast<std::size_t>(v.n);
    sums[column] += static_cast<float>(values[i]);
  }
  return sums;
}

std::vector<float> bias_values(const DenseView& v, const Weights& weights, const std::vector<float>& scales,
                               float divisor) {
  std::vector<float> bias(static_cast<std::size_t>(v.n), 0.0F);
  if (v.bias != nullptr) {
    const Tensor real = real_values(*v.bias, weights.tensors.at(2));
    const auto given = real.data<float>();
    for (std::size_t i = 0; i < bias.size(); ++i) bias[i] = v.beta * given[given.size() == 1 ? 0 : i] / divisor;
  }
  const int zero = affine(v.x).zero_point;
  if (!v.quantised() || zero == 0) return bias;
  const std::vector<float> sums = column_sums(v, weights.tensors.at(1));
  for (std::size_t i = 0; i < bias.size(); ++i) bias[i] -= static_cast<float>(zero) * sums[i] * scales[i];
  return bias;
}

std::vector<Tensor> values(const NodeView& view, const Weights& weights) {
  const DenseView v = dense_view(view);
  std::string reason;
  const float divisor = onednn::epilogue(v.act, nullptr, v.y, v.divisible(), reason).value().divisor;
  const Tensor& stored = weights.tensors.at(1);
  std::vector<Tensor> made;
  std::vector<float> scales;
  if (v.quantised()) {
    made.push_back(stored);
    scales = accumulator_scales(v.x, v.matrix, v.n, divisor);
    for (float& s : scales) s *= v.alpha;
  } else {
    made.push_back(real_values(v.matrix, stored).clone());
    if (v.alpha != 1) {
      for (float& value : made[0].data<float>()) value *= v.alpha;
    }
  }
  if (v.with_bias()) made.push_back(row(bias_values(v, weights, scales, divisor)));
  if (v.quantised()) made.push_back(row(scales));
  return made;
}

constexpr onednn::Family kFamily = {describe, values};

}  // namespace

const Tactic kOnednnInnerProduct = onednn::tactic<kFamily>("onednn_inner_product");

}  // namespace fovea::cpu
