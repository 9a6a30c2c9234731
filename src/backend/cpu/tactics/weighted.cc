#include "backend/cpu/tactics/weighted.h"

#include <algorithm>

#include "backend/cpu/onednn/runtime.h"
#include "backend/cpu/tactics/support.h"

namespace fovea::cpu {
namespace {

bool all_zero(const std::vector<std::int32_t>& values) {
  return std::all_of(values.begin(), values.end(), [](std::int32_t v) { return v == 0; });
}

}  // namespace

Support weights_fit(const OperandView& x, const OperandView& w, int channel_axis) {
  if (!w.constant) return Support::no("the weights are no constant");
  if (!is_8bit(x.dtype)) {
    if (x.dtype != DType::kF32 && x.dtype != DType::kBF16)
      return Support::no(fmt::format("input 0 is {}", name(x.dtype)));
    if (is_float(w.dtype) || w.quant) return Support::yes();
    return Support::no(fmt::format("the weights are {} without a scale", name(w.dtype)));
  }
  if (!onednn::has_exact_int8()) return Support::no("8-bit products saturate on this instruction set (no VNNI)");
  if (w.dtype != DType::kS8 || !w.quant) return Support::no("an 8-bit input needs s8 weights with scales");
  if (!all_zero(w.quant->zero_point)) return Support::no("the weights have zero points");
  if (w.quant->scale.size() != 1 && w.quant->axis != channel_axis) {
    return Support::no(fmt::format("the weights' scales go along axis {}, expected {}", w.quant->axis, channel_axis));
  }
  return Support::yes();
}

std::vector<float> accumulator_scales(const OperandView& x, const OperandView& w, std::int64_t channels,
                                      float divisor) {
  std::vector<float> scales(static_cast<std::size_t>(channels));
  for (std::size_t k = 0; k < scales.size(); ++k) {
    const float own = w.quant->scale.size() == 1 ? w.quant->scale.front() : w.quant->scale.at(k);
    scales[k] = affine(x).scale * own / divisor;
  }
  return scales;
}

Tensor row(const std::vector<float>& values) {
  return Tensor::of<float>({static_cast<std::int64_t>(values.size())}, values);
}

}  // namespace fovea::cpu
