#include <algorithm>
#include <array>

#include "backend/cpu/onednn/descriptor.h"
#include "backend/cpu/onednn/recipe.h"
#include "backend/cpu/onednn/runtime.h"
#include "backend/cpu/tactics.h"
#include "backend/cpu/tactics/support.h"

namespace fovea::cpu {
namespace {

using onednn::Recipe;

Support floats_alike(const NodeView& view) {
  if (auto answer = same_layout(view); !answer) return answer;
  if (auto answer = dtypes_among(view, {DType::kF32, DType::kBF16}); !answer) return answer;
  if (view.inputs.at(0).constant) return Support::no("the input is constant");
  if (view.inputs[0].dtype != view.outputs.at(0).dtype) return Support::no("input and output types differ");
  return Support::yes();
}

Recipe activations(const NodeView& view) {
  Recipe recipe;
  recipe.input(DNNL_ARG_SRC, view, 0);
  recipe.output(DNNL_ARG_DST, view, 0);
  return recipe;
}

Recipe describe_softmax(const NodeView& view) {
  const auto* op = std::get_if<Softmax>(&view.op);
  if (op == nullptr) return Recipe::no("no softmax");
  if (auto answer = floats_alike(view); !answer) return Recipe::no(answer.reason);
  Recipe recipe = activations(view);
  recipe.primitive = dnnl::softmax_forward::primitive_desc(
      onednn::engine(), dnnl::prop_kind::forward_inference,
      op->log ? dnnl::algorithm::softmax_log : dnnl::algorithm::softmax_accurate, onednn::desc(view.inputs[0]),
      onednn::desc(view.outputs[0]), op->axis, onednn::attributes(), true);
  return recipe;
}

Recipe describe_lrn(const NodeView& view) {
  const auto* op = std::get_if<Lrn>(&view.op);
  if (op == nullptr) return Recipe::no("no LRN");
  if (op->size % 2 == 0) return Recipe::no("an even size is not centred in oneDNN as in ONNX");
  if (view.inputs.at(0).shape.rank() != 4) return Recipe::no("not two-dimensional");
  if (auto answer = floats_alike(view); !answer) return Recipe::no(answer.reason);
  Recipe recipe = activations(view);
  recipe.primitive = dnnl::lrn_forward::primitive_desc(
      onednn::engine(), dnnl::prop_kind::forward_inference, dnnl::algorithm::lrn_across_channels,
      onednn::desc(view.inputs[0]), onednn::desc(view.outputs[0]), op->size, op->alpha, op->beta, op->bias,
      onednn::attributes(), true);
  return recipe;
}

Recipe describe_batch_norm(const NodeView& view) {
  const auto* op = std::get_if<BatchNorm>(&view.op);
  if (op == nullptr) return Recipe::no("no batch normalisation");
  if (auto answer = floats_alike(view); !answer) return Recipe::no(answer.reason);
  for (std::size_t i = 1; i < 5; ++i) {
    if (!view.inputs.at(i).constant) return Recipe::no("its statistics are no constants");
  }
  Recipe recipe = activations(view);
  using flags = dnnl::normalization_flags;
  const auto per_channel = onednn::plain_desc(DType::kF32, {view.inputs[0].shape[1]});
  for (const int argument : {DNNL_ARG_SCALE, DNNL_ARG_SHIFT, DNNL_ARG_MEAN, DNNL_ARG_VARIANCE}) {
    recipe.constants.push_back({argument, per_channel});
  }
  recipe.primitive = dnnl::batch_normalization_forward::primitive_desc(
      onednn::engine(), dnnl::prop_kind::forward_inference, onednn::desc(view.inputs[0]), onednn::desc(view.outputs[0]),
      op->epsilon, flags::use_global_stats | flags::use_scale | flags::use_shift, onednn::attributes(), true);
  return recipe;
}

std::vector<Tensor> batch_norm_values(const NodeView& view, const Weights& weights) {
  std::vector<Tensor> made;
  for (std::size_t i = 1; i < 5; ++i) made.push_back(real_values(view.inputs[i], weights.tensors.at(i)));
  return made;
}

Recipe describe_prelu(const NodeView& view) {
  if (!std::holds_alternative<PRelu>(view.op)) return Recipe::no("no prelu");
  if (auto answer = floats_alike(view); !answer) return Recipe::no(answer.reason);
  const OperandView &x = view.inputs[0], &slope = view.inputs.at(1);
  if (!slope.constant) return Recipe::no("the slope is no constant");
  if (slope.shape.rank() > x.shape.rank()) return Recipe::no("the slope has more axes than the input");
  Recipe recipe = activations(view);
  dnnl::memory::dims dims(slope.shape.begin(), slope.shape.end());
  dims.insert(dims.begin(), static_cast<std::size_t>(x.shape.rank() - slope.shape.rank()), 1);
  recipe.constants.push_back({DNNL_ARG_WEIGHTS, onednn::plain_desc(DType::kF32, dims), true});
  recipe.primitive = dnnl::prelu_forward::primitive_desc(onednn::engine(), dnnl::prop_kind::forward_inference,
                                                         onednn::desc(x), onednn::any_desc(DType::kF32, dims),
                                                         onednn::desc(view.outputs[0]), onednn::attributes(), true);
  return recipe;
}

std::vector<Tensor> prelu_values(const NodeView& view, const Weights& weights) {
  return {real_values(view.inputs[1], weights.tensors.at(1))};
}

Recipe describe_reduce(const NodeView& view) {
  const auto* op = std::get_if<Reduce>(&view.op);
  if (op == nullptr) return Recipe::no("no reduction");
  if (auto answer = all_plain(view); !answer) return Recipe::no(answer.reason);
  if (auto answer = floats_alike(view); !answer) return Recipe::no(answer.reason);
  const OperandView& x = view.inputs[0];
  dnnl::memory::dims dims = onednn::dims(x.shape);
  for (std::size_t axis = 0; axis < dims.size(); ++axis) {
    const auto is_axis = [axis](std::int64_t a) { return a == static_cast<std::int64_t>(axis); };
    if (op->axes.empty() || std::any_of(op->axes.begin(), op->axes.end(), is_axis)) dims[axis] = 1;
  }
  if (dims == onednn::dims(x.shape)) return Recipe::no("nothing to reduce");
  constexpr std::array kAlgorithms = {dnnl::algorithm::reduction_mean, dnnl::algorithm::reduction_sum,
                                      dnnl::algorithm::reduction_max};
  const auto to = onednn::plain_desc(view.outputs[0].dtype, dims);
  Recipe recipe;
  recipe.input(DNNL_ARG_SRC, view, 0);
  recipe.bound.push_back({DNNL_ARG_DST, true, 0, to});
  recipe.primitive =
      dnnl::reduction::primitive_desc(onednn::engine(), kAlgorithms.at(static_cast<std::size_t>(op->kind)),
                                      onednn::desc(x), to, 0, 0, onednn::attributes(), true);
  return recipe;
}

constexpr onednn::Family kSoftmaxFamily = {describe_softmax, nullptr};
constexpr onednn::Family kLrnFamily = {describe_lrn, nullptr};
constexpr onednn::Family kBatchNormFamily = {describe_batch_norm, batch_norm_values};
constexpr onednn::Family kPReluFamily = {describe_prelu, prelu_values};
constexpr onednn::Family kReduceFamily = {describe_reduce, nullptr};

}  // namespace

const Tactic kOnednnSoftmax = onednn::tactic<kSoftmaxFamily>("onednn_softmax");
const Tactic kOnednnLrn = onednn::tactic<kLrnFamily>("onednn_lrn");
const Tactic kOnednnBatchNorm = onednn::tactic<kBatchNormFamily>("onednn_batch_norm");
const Tactic kOnednnPRelu = onednn::tactic<kPReluFamily>("onednn_prelu");
const Tactic kOnednnReduce = onednn::tactic<kReduceFamily>("onednn_reduce");

}  // namespace fovea::cpu
