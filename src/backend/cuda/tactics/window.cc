#include <algorithm>

#include "backend/cuda/tactics.h"
#include "backend/cuda/tactics/support.h"
#include "backend/cuda/tactics/weighted.h"

namespace fovea::cuda {
namespace {

constexpr int kSide = 3, kChannels = 64;

Support supports(const NodeView& view, const DeviceInfo&) {
  if (!std::holds_alternative<Conv2d>(view.op)) return Support::no("no convolution");
  if (auto answer = weighted_fits(view); !answer) return answer;
  const ConvShape d = conv_shape(view);
  for (const OperandView* operand : {&view.inputs[0], &view.outputs[0]})
    if (operand->dtype != DType::kS8) return Support::no(fmt::format("{} in or out", name(operand->dtype)));
  if (has_residual(view) && view.inputs[3].dtype != DType::kS8) return Support::no("a residual of another type");
  if (auto answer = around_zero(view); !answer) return answer;
  if (!is_bound(activation_of(view))) return Support::no("an activation that is no bound");
  if (d.r != kSide || d.s != kSide || d.groups != 1 || d.dilation_h != 1 || d.dilation_w != 1)
    return Support::no("not 3 × 3, groups or dilation");
  if (d.c != kChannels || d.k % kChannels != 0)
    return Support::no(fmt::format("{} to {} channels, {} to multiples of it run", d.c, d.k, kChannels));
  if (auto answer = pixels_fit(view); !answer) return answer;
  return Support::yes();
}

Bytes pack(const NodeView& view, const Config&, const Weights& weights) {
  const ConvShape d = conv_shape(view);
  FilterValues values = filter_values(view, weights, true);
  std::vector<float> filter(values.filter.size());
  std::size_t at = 0;
  for (int k = 0; k < d.k; ++k)
    for (int tap = 0; tap < d.r * d.s; ++tap)
      for (int c = 0; c < d.c; ++c) filter[window_place(d, k, tap, c)] = values.filter[at++];
  values.filter = std::move(filter);
  to_steps(values, view);
  return blob_of(values, DType::kS8);
}

std::unique_ptr<Step> make(const NodeView& view, const Config&, std::span<const std::byte> packed, Device& device) {
  const ConvShape d = conv_shape(view);
  auto blob = as_cuda(device).resident(packed);
  const auto elements = static_cast<std::size_t>(view.inputs[1].shape.elements());
  const auto* channels = reinterpret_cast<const float*>(blob->data() + channels_offset(elements, DType::kS8));
  const Epilogue e = epilogue_of(view, channels, true);
  return make_step([=, residual = has_residual(view)](const Bindings& bindings, cudaStream_t stream) {
    launch_window(bindings.inputs[0], blob->data(), bindings.outputs[0], d, with_residual(e, bindings, residual),
                  stream);
  });
}

}  // namespace

const Tactic kWindow = {"window", supports, one_config, pack, make};

}  // namespace fovea::cuda
