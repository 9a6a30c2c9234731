#include "backend/cpu/onednn/descriptor.h"
#include "backend/cpu/onednn/epilogue.h"
#include "backend/cpu/onednn/recipe.h"
#include "backend/cpu/onednn/runtime.h"
#include "backend/cpu/tactics.h"
#include "backend/cpu/tactics/support.h"

namespace fovea::cpu {
namespace {

using onednn::Recipe;

Support fits(const NodeView& view) {
  if (!std::holds_alternative<Unary>(view.op)) return Support::no("no unary function");
  if (auto answer = same_layout(view); !answer) return answer;
  if (auto answer = dtypes_among(view, {DType::kF32, DType::kBF16}); !answer) return answer;
  if (view.inputs.at(0).dtype != view.outputs.at(0).dtype) return Support::no("input and output types differ");
  const Function function = std::get<Unary>(view.op).fn.function;
  if (!onednn::eltwise({function, 1, 1})) return Support::no(fmt::format("oneDNN has no {}", name(function)));
  return Support::yes();
}

/// f(0) ≠ 0 would fill the padding of a blocked value.
Support padding_stays_zero(const NodeView& view) {
  const OperandView& x = view.inputs[0];
  const bool padded = x.layout == Layout::kBlocked16 && x.shape[1] % 16 != 0;
  if (!padded || apply(std::get<Unary>(view.op).fn, 0.0F) == 0) return Support::yes();
  return Support::no("the function would fill the padding");
}

Recipe describe(const NodeView& view) {
  if (auto answer = fits(view); !answer) return Recipe::no(answer.reason);
  if (auto answer = padding_stays_zero(view); !answer) return Recipe::no(answer.reason);
  const auto function = onednn::eltwise(std::get<Unary>(view.op).fn).value();
  Recipe recipe;
  recipe.input(DNNL_ARG_SRC, view, 0);
  recipe.output(DNNL_ARG_DST, view, 0);
  recipe.primitive = dnnl::eltwise_forward::primitive_desc(
      onednn::engine(), dnnl::prop_kind::forward_inference, function.algorithm, onednn::desc(view.inputs[0]),
      onednn::desc(view.outputs[0]), function.alpha, function.beta, onednn::attributes(), true);
  return recipe;
}

constexpr onednn::Family kFamily = {describe, nullptr};

}  // namespace

const Tactic kOnednnElementwise = onednn::tactic<kFamily>("onednn_elementwise");

}  // namespace fovea::cpu
