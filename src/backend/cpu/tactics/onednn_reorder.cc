#include "backend/cpu/onednn/descriptor.h"
#include "backend/cpu/onednn/recipe.h"
#include "backend/cpu/onednn/runtime.h"
#include "backend/cpu/tactics.h"
#include "backend/cpu/tactics/support.h"

namespace fovea::cpu {
namespace {

using onednn::Recipe;

Support fits(const NodeView& view) {
  if (!std::holds_alternative<Identity>(view.op) && !std::holds_alternative<Dropout>(view.op)) {
    return Support::no("no identity");
  }
  if (view.inputs.at(0).constant) return Support::no("the input is constant");
  if (auto answer = plain_numbers(view); !answer) return answer;
  return dtypes_among(view, {DType::kF32, DType::kBF16, DType::kS8, DType::kU8});
}

void number(Recipe& recipe, dnnl::primitive_attr& attr, int argument, const Affine& affine) {
  if (affine.scale != 1) {
    attr.set_scales_mask(argument, 0);
    recipe.scale(argument, affine.scale);
  }
  if (affine.zero_point != 0) {
    attr.set_zero_points_mask(argument, 0);
    recipe.zero_point(argument, affine.zero_point);
  }
}

Recipe describe(const NodeView& view) {
  if (auto answer = fits(view); !answer) return Recipe::no(answer.reason);
  const OperandView &x = view.inputs[0], &y = view.outputs[0];
  Recipe recipe;
  recipe.input(DNNL_ARG_SRC, view, 0);
  recipe.output(DNNL_ARG_DST, view, 0);
  dnnl::primitive_attr attr = onednn::attributes();
  if (x.dtype != y.dtype || affine(x) != affine(y)) {
    number(recipe, attr, DNNL_ARG_SRC, affine(x));
    number(recipe, attr, DNNL_ARG_DST, affine(y));
  }
  recipe.primitive =
      dnnl::reorder::primitive_desc(onednn::engine(), onednn::desc(x), onednn::engine(), onednn::desc(y), attr, true);
  return recipe;
}

constexpr onednn::Family kFamily = {describe, nullptr};

}  // namespace

const Tactic kOnednnReorder = onednn::tactic<kFamily>("onednn_reorder");

}  // namespace fovea::cpu
