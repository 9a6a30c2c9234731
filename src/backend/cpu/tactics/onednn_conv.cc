#include "backend/cpu/onednn/descriptor.h"
#include "backend/cpu/onednn/epilogue.h"
#include "backend/cpu/onednn/recipe.h"
#include "backend/cpu/onednn/runtime.h"
#include "backend/cpu/tactics.h"
#include "backend/cpu/tactics/support.h"
#include "backend/cpu/tactics/weighted.h"

namespace fovea::cpu {
namespace {

using onednn::Recipe;

/// The inputs of a Conv2d node by name.
struct ConvView {
  const Conv2d& op;
  const OperandView& x;
  const OperandView& w;
  const OperandView& y;
  const OperandView* bias = nullptr;
  const OperandView* residual = nullptr;
  explicit ConvView(const NodeView& view)
      : op(std::get<Conv2d>(view.op)), x(view.inputs.at(0)), w(view.inputs.at(1)), y(view.outputs.at(0)) {
    if (view.inputs.size() > 2 && view.inputs[2].present) bias = &view.inputs[2];
    if (op.residual) residual = &view.inputs.at(3);
  }
  std::int64_t channels() const { return w.shape[0]; }
  bool quantised() const { return is_8bit(x.dtype); }
  bool with_bias() const { return bias != nullptr || (residual != nullptr && affine(*residual).zero_point != 0); }
};

/// Layouts that are worth asking oneDNN about: one layout all through, but few-channel images may come as they are.
Support layouts_fit(const ConvView& v) {
  constexpr std::int64_t kImageChannels = 4;
  if (v.residual != nullptr && v.residual->layout != v.y.layout)
    return Support::no("the residual's layout is not the output's");
  const bool image = v.x.shape[1] <= kImageChannels && v.x.layout != Layout::kBlocked16;
  if (v.x.layout == v.y.layout || image) return Support::yes();
  return Support::no("input and output layouts differ");
}

Support fits(const NodeView& view) {
  if (!std::holds_alternative<Conv2d>(view.op)) return Support::no("no convolution");
  const ConvView v(view);
  if (v.x.shape.rank() != 4 || v.w.shape.rank() != 4) return Support::no("not two-dimensional");
  if (auto answer = plain_numbers(view); !answer) return answer;
  if (auto answer = layouts_fit(v); !answer) return answer;
  if (v.bias != nullptr && !v.bias->constant) return Support::no("the bias is no constant");
  if (!v.quantised() && is_8bit(v.y.dtype)) return Support::no("a float input with an 8-bit output");
  return weights_fit(v.x, v.w, 0);
}

/// Groups are a dimension of their own to oneDNN: k c r s becomes g k/g c r s; the bytes are the same.
dnnl::memory::dims filter_dims(const ConvView& v) {
  const Shape& w = v.w.shape;
  if (v.op.groups == 1) return {w[0], w[1], w[2], w[3]};
  return {v.op.groups, w[0] / v.op.groups, w[1], w[2], w[3]};
}

DType filter_dtype(const ConvView& v) {
  if (v.quantised()) return DType::kS8;
  return v.x.dtype == DType::kBF16 && v.w.dtype == DType::kBF16 ? DType::kBF16 : DType::kF32;
}

std::optional<onednn::Epilogue> epilogue_of(const ConvView& v, std::string& reason) {
  return onednn::epilogue(v.op.act, v.residual, v.y, v.quantised(), reason);
}

dnnl::convolution_forward::primitive_desc primitive(const ConvView& v, const dnnl::primitive_attr& attr) {
  const Conv2d& op = v.op;
  const auto w = onednn::any_desc(v.quantised() ? DType::kS8 : v.x.dtype, filter_dims(v));
  const auto bias = v.with_bias() ? onednn::plain_desc(DType::kF32, {v.channels()}) : dnnl::memory::desc();
  return {onednn::engine(),
          dnnl::prop_kind::forward_inference,
          dnnl::algorithm::convolution_direct,
          onednn::desc(v.x),
          w,
          bias,
          onednn::desc(v.y),
          {op.strides[0], op.strides[1]},
          {op.dilations[0] - 1, op.dilations[1] - 1},
          {op.pads[0], op.pads[1]},
          {op.pads[2], op.pads[3]},
          attr,
          true};
}

Recipe describe(const NodeView& view) {
  if (auto answer = fits(view); !answer) return Recipe::no(answer.reason);
  const ConvView v(view);
  Recipe recipe;
  auto epilogue = epilogue_of(v, recipe.reason);
  if (!epilogue) return recipe;
  dnnl::primitive_attr attr = onednn::attributes();
  attr.set_post_ops(epilogue->ops);
  recipe.input(DNNL_ARG_SRC, view, 0);
  recipe.output(DNNL_ARG_DST, view, 0);
  if (v.residual != nullptr) {
    recipe.input(DNNL_ARG_ATTR_MULTIPLE_POST_OP(epilogue->residual_op) | DNNL_ARG_SRC_1, view, 3);
  }
  recipe.constants.push_back({DNNL_ARG_WEIGHTS, onednn::plain_desc(filter_dtype(v), filter_dims(v)), true});
  if (v.with_bias()) recipe.constants.push_back({DNNL_ARG_BIAS, onednn::plain_desc(DType::kF32, {v.channels()})});
  if (v.quantised()) {
    recipe.integer_products = true;
    attr.set_scales_mask(DNNL_ARG_WEIGHTS, v.op.groups == 1 ? 1 : 3);
    recipe.constants.push_back(
        {DNNL_ARG_ATTR_SCALES | DNNL_ARG_WEIGHTS, onednn::plain_desc(DType::kF32, {v.channels()})});
    if (const int zero = affine(v.x).zero_point; zero != 0) {
      attr.set_zero_points_mask(DNNL_ARG_SRC, 0);
      recipe.zero_point(DNNL_ARG_SRC, zero);
    }
  }
  recipe.primitive = primitive(v, attr);
  return recipe;
}

std::vector<Tensor> values(const NodeView& view, const Weights& weights) {
  const ConvView v(view);
  std::string reason;
  const onednn::Epilogue epilogue = epilogue_of(v, reason).value();
  const Tensor& stored = weights.tensors.at(1);
  std::vector<Tensor> made = {stored.dtype() == filter_dtype(v) ? stored : real_values(v.w, stored)};
  if (v.with_bias()) {
    std::vector<float> bias(static_cast<std::size_t>(v.channels()), 0.0F);
    if (v.bias != nullptr) {
      const Tensor real = real_values(*v.bias, weights.tensors.at(2));
      bias.assign(real.data<float>().begin(), real.data<float>().end());
    }
    for (float& b : bias) b = b / epilogue.divisor + epilogue.bias_offset;
    made.push_back(row(bias));
  }
  if (v.quantised()) made.push_back(row(accumulator_scales(v.x, v.w, v.channels(), epilogue.divisor)));
  return made;
}

constexpr onednn::Family kFamily = {describe, values};

}  // namespace

const Tactic kOnednnConv = onednn::tactic<kFamily>("onednn_conv");

}  // namespace fovea::cpu
