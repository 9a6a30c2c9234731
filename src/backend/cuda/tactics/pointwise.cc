#include <algorithm>

#include "backend/cuda/tactics.h"
#include "backend/cuda/tactics/support.h"
#include "backend/cuda/tactics/weighted.h"

namespace fovea::cuda {
namespace {

constexpr std::array kDepths = {64, 128, 256, 512};  ///< the last only in 8 bits
constexpr std::array kSlices = {256, 128, 64, 32};   ///< wide ones read x seldom, narrow ones give small images blocks

bool fits_block(const ConvShape& conv, int slice, DType type) {
  return conv.k % slice == 0 && slice % pointwise_chunk(type) == 0 &&
         pointwise_shape(conv, slice, type).shared_bytes <= kMostPointwiseBytes;
}

Support supports(const NodeView& view, const DeviceInfo&) {
  if (!std::holds_alternative<Conv2d>(view.op)) return Support::no("no convolution");
  if (auto answer = weighted_fits(view); !answer) return answer;
  const ConvShape d = conv_shape(view);
  const auto& pads = std::get<Conv2d>(view.op).pads;
  if (d.r != 1 || d.s != 1 || d.groups != 1) return Support::no("a window or groups");
  if (std::ranges::any_of(pads, [](auto pad) { return pad != 0; })) return Support::no("padding");
  const DType type = view.inputs[0].dtype;
  if (type != DType::kF16 && type != DType::kBF16 && type != DType::kS8)
    return Support::no(fmt::format("{} in", name(type)));
  if (view.outputs[0].dtype != type || (has_residual(view) && view.inputs[3].dtype != type))
    return Support::no("different types");
  if (type == DType::kS8) {
    if (auto answer = around_zero(view); !answer) return answer;
    if (!is_bound(activation_of(view))) return Support::no("an activation that is no bound");
  }
  const auto depths = std::span(kDepths).first(type == DType::kS8 ? kDepths.size() : kDepths.size() - 1);
  if (std::ranges::find(depths, d.c) == depths.end())
    return Support::no(fmt::format("{} channels in, {} run", d.c, fmt::join(depths, ", ")));
  const int chunk = pointwise_chunk(type);
  if (d.k % chunk != 0) return Support::no(fmt::format("{} channels out, multiples of {} run", d.k, chunk));
  return pixels_fit(view);
}

std::vector<Config> configs(const NodeView& view, const DeviceInfo&) {
  const ConvShape d = conv_shape(view);
  std::vector<Config> made;
  for (const int slice : kSlices)
    if (fits_block(d, slice, view.inputs[0].dtype)) made.push_back({{{"slice", slice}}});
  return made;
}

Bytes pack(const NodeView& view, const Config&, const Weights& weights) {
  const ConvShape d = conv_shape(view);
  FilterValues values = filter_values(view, weights, true);
  const DType type = view.inputs[0].dtype;
  std::vector<float> filter(values.filter.size());
  std::size_t at = 0;
  for (int k = 0; k < d.k; ++k)
    for (int c = 0; c < d.c; ++c) filter[pointwise_place(d, type, k, c)] = values.filter[at++];
  values.filter = std::move(filter);
  if (type == DType::kS8) to_steps(values, view);
  return blob_of(values, type);
}

std::unique_ptr<Step> make(const NodeView& view, const Config& config, std::span<const std::byte> packed,
                           Device& device) {
  const ConvShape d = conv_shape(view);
  const DType type = view.inputs[0].dtype;
  const PointwiseShape shape = pointwise_shape(d, config.get("slice", pointwise_chunk(type)), type);
  auto blob = as_cuda(device).resident(packed);
  const auto elements = static_cast<std::size_t>(d.k) * static_cast<std::size_t>(d.c);
  const auto* channels = reinterpret_cast<const float*>(blob->data() + channels_offset(elements, type));
  const Epilogue e = epilogue_of(view, channels, type == DType::kS8);
  return make_step([=, residual = has_residual(view)](const Bindings& bindings, cudaStream_t stream) {
    launch_pointwise(bindings.inputs[0], blob->data(), bindings.outputs[0], type, shape,
                     with_residual(e, bindings, residual), stream);
  });
}

}  // namespace

const Tactic kPointwise = {"pointwise", supports, configs, pack, make};

}  // namespace fovea::cuda
