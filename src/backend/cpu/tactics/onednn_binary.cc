#include <array>

#include "backend/cpu/onednn/descriptor.h"
#include "backend/cpu/onednn/epilogue.h"
#include "backend/cpu/onednn/recipe.h"
#include "backend/cpu/onednn/runtime.h"
#include "backend/cpu/tactics.h"
#include "backend/cpu/tactics/support.h"

namespace fovea::cpu {
namespace {

using onednn::Recipe;
using alg = dnnl::algorithm;

/// By BinaryKind; pow has none.
constexpr std::array kAlgorithms = {alg::binary_add, alg::binary_sub, alg::binary_mul,
                                    alg::binary_div, alg::binary_max, alg::binary_min};

/// An operand with leading ones up to the output's rank; a smaller rank is plain, where that changes nothing.
dnnl::memory::desc expanded(const OperandView& operand, DType dtype, int rank) {
  OperandView wide = operand;
  wide.dtype = dtype;
  std::vector<std::int64_t> dims(operand.shape.begin(), operand.shape.end());
  dims.insert(dims.begin(), static_cast<std::size_t>(rank - operand.shape.rank()), 1);
  wide.shape = Shape(std::move(dims));
  return onednn::desc(wide);
}

Support fits(const NodeView& view) {
  const auto* op = std::get_if<Binary>(&view.op);
  if (op == nullptr) return Support::no("no binary operation");
  if (static_cast<std::size_t>(op->kind) >= kAlgorithms.size()) return Support::no("oneDNN has no pow of two tensors");
  if (auto answer = plain_numbers(view); !answer) return answer;
  if (auto answer = same_layout(view); !answer) return answer;
  const OperandView &a = view.inputs.at(0), &b = view.inputs.at(1), &y = view.outputs.at(0);
  if (a.shape != y.shape || a.constant) return Support::no("input 0 is broadcast or constant");
  // oneDNN 3.2 reads past the end where padded channels meet outputs of another size.
  if (y.layout == Layout::kBlocked16 && y.shape[1] % 16 != 0) return Support::no("blocked16 with padded channels");
  if (b.shape.elements() == 0) return Support::no("empty");
  for (const OperandView* operand : {&a, &b}) {
    if (!operand->constant && !onednn::has_data_type(operand->dtype))
      return Support::no(fmt::format("{}", name(operand->dtype)));
    if (op->kind != BinaryKind::kAdd && affine(*operand).zero_point != 0) return Support::no("zero points in no sum");
  }
  if (!is_float(y.dtype) && !is_8bit(y.dtype)) return Support::no(fmt::format("output is {}", name(y.dtype)));
  return Support::yes();
}

/// An addition's zero points make one number to subtract; constants are packed as real numbers and have none.
float offset_of(const NodeView& view) {
  float offset = 0;
  for (const OperandView& input : view.inputs) {
    if (!input.constant) offset -= affine(input).scale * static_cast<float>(affine(input).zero_point);
  }
  return offset;
}

Recipe describe(const NodeView& view) {
  if (auto answer = fits(view); !answer) return Recipe::no(answer.reason);
  const auto& op = std::get<Binary>(view.op);
  const int rank = view.outputs[0].shape.rank();
  Recipe recipe;
  const auto epilogue = onednn::epilogue(op.act, nullptr, view.outputs[0], false, recipe.reason);
  if (!epilogue) return recipe;
  dnnl::primitive_attr attr = onednn::attributes();
  dnnl::post_ops ops;
  if (const float offset = offset_of(view); offset != 0) ops.append_eltwise(alg::eltwise_linear, 1, offset);
  for (int i = 0; i < epilogue->ops.len(); ++i) {
    dnnl::algorithm algorithm{};
    float alpha = 0, beta = 0;
    epilogue->ops.get_params_eltwise(i, algorithm, alpha, beta);
    ops.append_eltwise(algorithm, alpha, beta);
  }
  attr.set_post_ops(ops);
  constexpr std::array kArguments = {DNNL_ARG_SRC_0, DNNL_ARG_SRC_1};
  std::array<dnnl::memory::desc, 2> descs;
  for (std::size_t i = 0; i < 2; ++i) {
    const OperandView& input = view.inputs[i];
    descs[i] = expanded(input, input.constant ? DType::kF32 : input.dtype, rank);
    if (input.constant) {
      recipe.constants.push_back({kArguments[i], descs[i]});
      continue;
    }
    recipe.bound.push_back({kArguments[i], false, i, descs[i]});
    if (affine(input).scale != 1) {
      attr.set_scales_mask(kArguments[i], 0);
      recipe.scale(kArguments[i], affine(input).scale);
    }
  }
  recipe.output(DNNL_ARG_DST, view, 0);
  recipe.primitive = dnnl::binary::primitive_desc(onednn::engine(), kAlgorithms.at(static_cast<std::size_t>(op.kind)),
                                                  descs[0], descs[1], onednn::desc(view.outputs[0]), attr, true);
  return recipe;
}

std::vector<Tensor> values(const NodeView& view, const Weights& weights) {
  std::vector<Tensor> made;
  for (std::size_t i = 0; i < view.inputs.size(); ++i) {
    if (view.inputs[i].constant) made.push_back(real_values(view.inputs[i], weights.tensors.at(i)));
  }
  return made;
}

constexpr onednn::Family kFamily = {describe, values};

}  // namespace

const Tactic kOnednnBinary = onednn::tactic<kFamily>("onednn_binary");

}  // namespace fovea::cpu
