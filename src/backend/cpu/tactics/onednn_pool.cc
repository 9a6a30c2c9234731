#include "backend/cpu/onednn/descriptor.h"
#include "backend/cpu/onednn/recipe.h"
#include "backend/cpu/onednn/runtime.h"
#include "backend/cpu/tactics.h"
#include "backend/cpu/tactics/support.h"

namespace fovea::cpu {
namespace {

using onednn::Recipe;

/// Pool and GlobalPool (one window over everything) alike.
std::optional<Pool> window_of(const NodeView& view) {
  if (const auto* pool = std::get_if<Pool>(&view.op)) return *pool;
  const auto* global = std::get_if<GlobalPool>(&view.op);
  const Shape& x = view.inputs.at(0).shape;
  if (global == nullptr || x.rank() != 4) return std::nullopt;
  Pool pool;
  pool.kind = global->kind;
  pool.kernel = {static_cast<int>(x[2]), static_cast<int>(x[3])};
  return pool;
}

/// Padding behind the image with which oneDNN's rounding-down rule gives the output that the graph has (ceil mode).
std::int64_t padding_behind(const Pool& pool, const OperandView& x, const OperandView& y, std::size_t axis) {
  const int dim = static_cast<int>(axis) + 2;
  const std::int64_t reach = std::int64_t{pool.dilations[axis]} * (pool.kernel[axis] - 1) + 1;
  return (y.shape[dim] - 1) * pool.strides[axis] + reach - x.shape[dim] - pool.pads[axis];
}

Support fits(const NodeView& view, const std::optional<Pool>& pool) {
  if (!pool) return Support::no("no pooling");
  const OperandView &x = view.inputs.at(0), &y = view.outputs.at(0);
  if (x.shape.rank() != 4) return Support::no("not two-dimensional");
  if (auto answer = same_layout(view); !answer) return answer;
  if (auto answer = dtypes_among(view, {DType::kF32, DType::kBF16, DType::kS8, DType::kU8}); !answer) return answer;
  if (x.dtype != y.dtype || affine(x) != affine(y)) return Support::no("input and output types differ");
  const bool average = pool->kind == PoolKind::kAverage;
  if (average && pool->count_include_pad && affine(x).zero_point != 0) return Support::no("padding is not zero");
  if (average && pool->count_include_pad && pool->ceil_mode) return Support::no("ceil mode that counts padding");
  if (average && (pool->dilations[0] > 1 || pool->dilations[1] > 1)) return Support::no("a dilated average");
  return Support::yes();
}

dnnl::algorithm algorithm(const Pool& pool) {
  if (pool.kind == PoolKind::kMax) return dnnl::algorithm::pooling_max;
  return pool.count_include_pad ? dnnl::algorithm::pooling_avg_include_padding
                                : dnnl::algorithm::pooling_avg_exclude_padding;
}

Recipe describe(const NodeView& view) {
  const std::optional<Pool> pool = window_of(view);
  if (auto answer = fits(view, pool); !answer) return Recipe::no(answer.reason);
  const OperandView &x = view.inputs[0], &y = view.outputs[0];
  Recipe recipe;
  recipe.input(DNNL_ARG_SRC, view, 0);
  recipe.output(DNNL_ARG_DST, view, 0);
  recipe.primitive = dnnl::pooling_forward::primitive_desc(
      onednn::engine(), dnnl::prop_kind::forward_inference, algorithm(*pool), onednn::desc(x), onednn::desc(y),
      {pool->strides[0], pool->strides[1]}, {pool->kernel[0], pool->kernel[1]},
      {pool->dilations[0] - 1, pool->dilations[1] - 1}, {pool->pads[0], pool->pads[1]},
      {padding_behind(*pool, x, y, 0), padding_behind(*pool, x, y, 1)}, onednn::attributes(), true);
  return recipe;
}

constexpr onednn::Family kFamily = {describe, nullptr};

}  // namespace

const Tactic kOnednnPool = onednn::tactic<kFamily>("onednn_pool");

}  // namespace fovea::cpu
