#include <algorithm>
#include <functional>
#include <set>

#include "backend/cuda/tactics.h"
#include "backend/cuda/tactics/support.h"
#include "backend/cuda/tactics/weighted.h"

namespace fovea::cuda {
namespace {

constexpr std::array kSlices = {256, 128, 64, 32};  ///< wide ones read x seldom, narrow ones give small images blocks
constexpr int kEach = 8;
constexpr std::array kParts = {1, 2, 3};  ///< of all channels

bool fits_block(const ConvShape& conv, int slice, DType type) {
  return pointwise_channels(conv, type) % slice == 0 && slice % pointwise_chunk(type) == 0 &&
         pointwise_shape(conv, slice, type).shared_bytes <= kMostPointwiseBytes;
}

std::size_t filter_elements(const ConvShape& conv, DType type) {
  return static_cast<std::size_t>(pointwise_channels(conv, type)) *
         static_cast<std::size_t>(pointwise_depth(conv, type));
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
  if (pointwise_depth(d, type) == 0) return Support::no(fmt::format("{} channels in", d.c));
  if (d.c % kEach != 0 || d.k % kEach != 0)
    return Support::no(fmt::format("{} and {} channels, multiples of {} run", d.c, d.k, kEach));
  return pixels_fit(view);
}

std::vector<Config> configs(const NodeView& view, const DeviceInfo&) {
  const ConvShape d = conv_shape(view);
  const DType type = view.inputs[0].dtype;
  std::set<int, std::greater<>> slices(kSlices.begin(), kSlices.end());
  for (const int parts : kParts)
    if (const int channels = pointwise_channels(d, type); channels % parts == 0) slices.insert(channels / parts);
  std::vector<Config> made;
  for (const int slice : slices)
    if (fits_block(d, slice, type)) made.push_back({{{"slice", slice}}});
  return made;
}

Bytes pack(const NodeView& view, const Config&, const Weights& weights) {
  const ConvShape d = conv_shape(view);
  FilterValues values = filter_values(view, weights, true);
  const DType type = view.inputs[0].dtype;
  std::vector<float> filter(filter_elements(d, type));
  std::size_t at = 0;
  for (int k = 0; k < d.k; ++k)
    for (int c = 0; c < d.c; ++c) filter[pointwise_place(d, type, k, c)] = values.filter[at++];
  values.filter = std::move(filter);
  if (type == DType::kS8) to_steps(values, view);
  const auto channels = static_cast<std::size_t>(pointwise_channels(d, type));
  values.bias.resize(channels);
  if (!values.scale.empty()) values.scale.resize(channels);
  return blob_of(values, type);
}

std::unique_ptr<Step> make(const NodeView& view, const Config& config, std::span<const std::byte> packed,
                           Device& device) {
  const ConvShape d = conv_shape(view);
  const DType type = view.inputs[0].dtype;
  const PointwiseShape shape = pointwise_shape(d, config.get("slice", pointwise_chunk(type)), type);
  auto blob = as_cuda(device).resident(packed);
  const auto* channels = reinterpret_cast<const float*>(blob->data() + channels_offset(filter_elements(d, type), type));
  Epilogue e = epilogue_of(view, channels, false);
  if (type == DType::kS8) e.scale = channels + pointwise_channels(d, type);
  return make_step([=, residual = has_residual(view)](const Bindings& bindings, cudaStream_t stream) {
    launch_pointwise(bindings.inputs[0], blob->data(), bindings.outputs[0], type, shape,
                     with_residual(e, bindings, residual), stream);
  });
}

}  // namespace

const Tactic kPointwise = {"pointwise", supports, configs, pack, make};

}  // namespace fovea::cuda
