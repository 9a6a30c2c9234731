#include <algorithm>

#include "backend/cuda/tactics.h"
#include "backend/cuda/tactics/support.h"
#include "backend/cuda/tactics/weighted.h"

namespace fovea::cuda {
namespace {

constexpr std::array kDepths = {64, 128, 256};
constexpr std::array kSlices = {256, 128, 64, 32};  ///< wide ones read x seldom, narrow ones give small images blocks
constexpr int kSmallest = kSlices.back();

bool fits_block(const ConvShape& conv, int slice) {
  return conv.k % slice == 0 && pointwise_shape(conv, slice).shared_bytes <= kMostPointwiseBytes;
}

Support supports(const NodeView& view, const DeviceInfo&) {
  if (!std::holds_alternative<Conv2d>(view.op)) return Support::no("no convolution");
  if (auto answer = weighted_fits(view); !answer) return answer;
  const ConvShape d = conv_shape(view);
  const auto& pads = std::get<Conv2d>(view.op).pads;
  if (d.r != 1 || d.s != 1 || d.groups != 1) return Support::no("a window or groups");
  if (std::ranges::any_of(pads, [](auto pad) { return pad != 0; })) return Support::no("padding");
  const DType type = view.inputs[0].dtype;
  if (type != DType::kF16 && type != DType::kBF16) return Support::no(fmt::format("{} in", name(type)));
  if (view.outputs[0].dtype != type || (has_residual(view) && view.inputs[3].dtype != type))
    return Support::no("different types");
  if (std::ranges::find(kDepths, d.c) == kDepths.end())
    return Support::no(fmt::format("{} channels in, {} run", d.c, fmt::join(kDepths, ", ")));
  if (d.k % kSmallest != 0) return Support::no(fmt::format("{} channels out, multiples of {} run", d.k, kSmallest));
  return Support::yes();
}

std::vector<Config> configs(const NodeView& view, const DeviceInfo&) {
  const ConvShape d = conv_shape(view);
  std::vector<Config> made;
  for (const int slice : kSlices)
    if (fits_block(d, slice)) made.push_back({{{"slice", slice}}});
  return made;
}

Bytes pack(const NodeView& view, const Config&, const Weights& weights) {
  const ConvShape d = conv_shape(view);
  FilterValues values = filter_values(view, weights);
  std::vector<float> filter(values.filter.size());
  std::size_t at = 0;
  for (int k = 0; k < d.k; ++k)
    for (int c = 0; c < d.c; ++c) filter[pointwise_place(d, k, c)] = values.filter[at++];
  values.filter = std::move(filter);
  return blob_of(values, view.inputs[0].dtype);
}

std::unique_ptr<Step> make(const NodeView& view, const Config& config, std::span<const std::byte> packed,
                           Device& device) {
  const ConvShape d = conv_shape(view);
  const PointwiseShape shape = pointwise_shape(d, config.get("slice", kSmallest));
  const DType type = view.inputs[0].dtype;
  auto blob = as_cuda(device).resident(packed);
  const auto elements = static_cast<std::size_t>(d.k) * static_cast<std::size_t>(d.c);
  const std::size_t offset = channels_offset(elements, type);
  return make_step(
      [=, act = activation_of(view), residual = has_residual(view)](const Bindings& bindings, cudaStream_t stream) {
        launch_pointwise(bindings.inputs[0], blob->data(), reinterpret_cast<const float*>(blob->data() + offset),
                         residual ? bindings.inputs[3] : nullptr, bindings.outputs[0], type, shape, act, stream);
      });
}

}  // namespace

const Tactic kPointwise = {"pointwise", supports, configs, pack, make};

}  // namespace fovea::cuda
