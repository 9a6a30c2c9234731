#include "backend/cuda/tactics/weighted.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "backend/cuda/tactics/support.h"
#include "graph/ops/strided.h"

namespace fovea::cuda {
namespace {

constexpr std::size_t kAlignment = 64;

Support gemm_fits(const NodeView& view, const Gemm& op) {
  if (op.trans_a) return Support::no("the first operand is transposed");
  if (view.inputs.size() < 3 || !view.inputs[2].present) return Support::yes();
  const OperandView& c = view.inputs[2];
  if (!c.constant) return Support::no("what is added is no constant");
  const Shape& s = c.shape;
  const std::int64_t n = view.outputs[0].shape[1];
  const bool per_column = s.elements() == 1 || (s.elements() == n && s[s.rank() - 1] == n);
  return per_column ? Support::yes() : Support::no("what is added differs by row");
}

}  // namespace

Support weighted_fits(const NodeView& view) {
  const auto* conv = std::get_if<Conv2d>(&view.op);
  const auto* gemm = std::get_if<Gemm>(&view.op);
  if (conv == nullptr && gemm == nullptr) return Support::no("neither convolution nor fully connected layer");
  if (!view.inputs.at(1).constant) return Support::no("the weights are no constant");
  if (view.inputs.size() > 2 && view.inputs[2].present && !view.inputs[2].constant)
    return Support::no("the bias is no constant");
  if (auto answer = all_numbers(view); !answer) return answer;
  if (auto answer = all_in(view, Layout::kNhwc); !answer) return answer;
  return gemm != nullptr ? gemm_fits(view, *gemm) : Support::yes();
}

ConvShape conv_shape(const NodeView& view) {
  const auto size = [](std::int64_t v) { return static_cast<int>(v); };
  const Shape &x = view.inputs[0].shape, &w = view.inputs[1].shape, &y = view.outputs[0].shape;
  if (std::holds_alternative<Gemm>(view.op))
    return {size(x[0]), 1, 1, size(x[1]), size(y[1]), 1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1};
  const auto& op = std::get<Conv2d>(view.op);
  return {size(x[0]), size(x[2]), size(x[3]),      size(x[1]),     size(w[0]),    size(w[2]),
          size(w[3]), size(y[2]), size(y[3]),      op.groups,      op.strides[0], op.strides[1],
          op.pads[0], op.pads[1], op.dilations[0], op.dilations[1]};
}

Activation activation_of(const NodeView& view) { return *epilogue(view.op); }

bool has_residual(const NodeView& view) {
  const auto* conv = std::get_if<Conv2d>(&view.op);
  return conv != nullptr && conv->residual;
}

Support integers_fit(const NodeView& view) {
  if (!is_scaled8(view.inputs.at(0).dtype)) return Support::yes();
  const OperandView& w = view.inputs.at(1);
  const DType wanted = view.inputs.at(0).dtype == DType::kF8 ? DType::kF8 : DType::kS8;
  if (w.dtype != wanted || !w.quant)
    return Support::no(fmt::format("an 8-bit input needs {} weights with scales", name(wanted)));
  if (std::ranges::any_of(w.quant->zero_point, [](std::int32_t z) { return z != 0; }))
    return Support::no("the weights have zero points");
  const auto* gemm = std::get_if<Gemm>(&view.op);
  const int channel_axis = gemm != nullptr && !gemm->trans_b ? 1 : 0;
  if (w.quant->scale.size() != 1 && w.quant->axis != channel_axis)
    return Support::no("the weights' scales go along another axis than the output channels");
  return Support::yes();
}

Support around_zero(const NodeView& view) {
  if (auto answer = integers_fit(view); !answer) return answer;
  for (const OperandView* operand : {&view.inputs[0], &view.outputs[0]})
    if (operand->quant && number_of(*operand).zero != 0) return Support::no("8 bits with a zero point");
  if (has_residual(view) && number_of(view.inputs[3]).zero != 0) return Support::no("a residual with a zero point");
  return Support::yes();
}

Support pixels_fit(const NodeView& view) {
  constexpr std::int64_t kMost = 1 << 30;
  const auto too_many = [](const Shape& s) { return s[0] * s[2] * s[3] > kMost; };
  if (too_many(view.inputs[0].shape) || too_many(view.outputs[0].shape)) return Support::no("more than 2^30 pixels");
  return Support::yes();
}

bool is_bound(const Activation& act) {
  return !act || act.function == Function::kRelu || act.function == Function::kClip;
}

namespace {

/// What a product of stored numbers stands for, by channel.
std::vector<float> product_scales(const NodeView& view) {
  const OperandView &x = view.inputs[0], &w = view.inputs[1];
  const auto* gemm = std::get_if<Gemm>(&view.op);
  std::vector<float> scales(static_cast<std::size_t>(conv_shape(view).k));
  for (std::size_t k = 0; k < scales.size(); ++k)
    scales[k] = x.quant->scale.front() * w.quant->scale[w.quant->scale.size() == 1 ? 0 : k] *
                (gemm != nullptr ? gemm->alpha : 1.0F);
  return scales;
}

}  // namespace

FilterValues filter_values(const NodeView& view, const Weights& weights, bool stored) {
  const ConvShape d = conv_shape(view);
  stored = stored && is_scaled8(view.inputs[0].dtype);
  const Tensor w = stored ? to_f32(weights.tensors.at(1)) : real_values(view.inputs[1], weights.tensors.at(1));
  FilterValues made;
  made.filter.resize(w.data<float>().size());
  made.bias.assign(static_cast<std::size_t>(d.k), 0.0F);
  if (stored) made.scale = product_scales(view);
  const auto* gemm = std::get_if<Gemm>(&view.op);
  const float alpha = gemm != nullptr && !stored ? gemm->alpha : 1.0F;
  const bool by_row = gemm == nullptr || gemm->trans_b;
  const int c = d.c / d.groups, taps = d.r * d.s;
  const std::span<const float> given = w.data<float>();
  std::size_t at = 0;
  for (int k = 0; k < d.k; ++k)
    for (int tap = 0; tap < taps; ++tap)
      for (int i = 0; i < c; ++i) {
        const int from = by_row ? (k * c + i) * taps + tap : i * d.k + k;
        made.filter[at++] = given[static_cast<std::size_t>(from)] * alpha;
      }
  if (view.inputs.size() < 3 || !view.inputs[2].present) return made;
  const Tensor b = real_values(view.inputs[2], weights.tensors.at(2));
  const auto added = b.data<float>();
  for (std::size_t k = 0; k < made.bias.size(); ++k)
    made.bias[k] = added[added.size() == 1 ? 0 : k] * (gemm != nullptr ? gemm->beta : 1.0F);
  return made;
}

std::size_t channels_offset(std::size_t filter_elements, DType type) {
  return (filter_elements * size_of(type) + kAlignment - 1) / kAlignment * kAlignment;
}

void to_steps(FilterValues& values, const NodeView& view) {
  const float step = number_of(view.outputs[0]).scale;
  for (float& bias : values.bias) bias /= step;
  for (float& scale : values.scale) scale /= step;
}

Bytes blob_of(const FilterValues& values, DType type) {
  const auto elements = static_cast<std::int64_t>(values.filter.size());
  const Tensor stored = from_f32(Tensor::of<float>({elements}, values.filter), type);
  const std::size_t offset = channels_offset(values.filter.size(), type), bias = values.bias.size() * sizeof(float);
  Bytes blob(offset + bias + values.scale.size() * sizeof(float));
  std::memcpy(blob.data(), stored.bytes().data(), values.filter.size() * size_of(type));
  std::memcpy(blob.data() + offset, values.bias.data(), bias);
  if (!values.scale.empty())
    std::memcpy(blob.data() + offset + bias, values.scale.data(), values.scale.size() * sizeof(float));
  return blob;
}

Bytes depthwise_blob(FilterValues values, const ConvShape& d) {
  const auto channels = static_cast<std::size_t>(d.c), taps = static_cast<std::size_t>(d.r * d.s);
  std::vector<float> filter(values.filter.size());
  for (std::size_t k = 0; k < channels; ++k)
    for (std::size_t tap = 0; tap < taps; ++tap) filter[tap * channels + k] = values.filter[k * taps + tap];
  values.filter = std::move(filter);
  return blob_of(values, DType::kF32);
}

namespace {

Steps steps_of(const Epilogue& e) {
  constexpr float kLow = -128, kHigh = 127;
  const float each = 1 / e.y_type.scale;
  float low = kLow, high = kHigh;
  if (e.act.function == Function::kRelu) low = 0;
  if (e.act.function == Function::kClip) {
    low = std::rint(std::clamp(e.act.alpha * each, kLow, kHigh));
    high = std::rint(std::clamp(e.act.beta * each, kLow, kHigh));
  }
  constexpr float kLeast = 1e-3F;  // a clip to one number; less than a rounding
  return {e.residual_type.scale * each, low, std::max(high - low, kLeast)};
}

}  // namespace

Epilogue epilogue_of(const NodeView& view, const float* channels, bool scaled) {
  Epilogue made{};
  made.bias = channels;
  if (scaled) made.scale = channels + conv_shape(view).k;
  made.y_type = number_of(view.outputs[0]);
  if (has_residual(view)) made.residual_type = number_of(view.inputs[3]);
  made.act = activation_of(view);
  made.steps = steps_of(made);
  return made;
}

Epilogue with_residual(Epilogue e, const Bindings& bindings, bool residual) {
  if (residual) e.residual = bindings.inputs[3];
  return e;
}

}  // namespace fovea::cuda
