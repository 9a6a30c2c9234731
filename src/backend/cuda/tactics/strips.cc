#include <algorithm>

#include "backend/cuda/tactics.h"
#include "backend/cuda/tactics/support.h"
#include "backend/cuda/tactics/weighted.h"

namespace fovea::cuda {
namespace {

constexpr std::array kRows = {8, 4, 2, 1, 14};  ///< down by thread: many share what they read, few fill the GPU

Support supports(const NodeView& view, const DeviceInfo&) {
  constexpr int kEach = 8;
  if (!std::holds_alternative<Conv2d>(view.op)) return Support::no("no convolution");
  if (auto answer = weighted_fits(view); !answer) return answer;
  if (auto answer = integers_fit(view); !answer) return answer;
  const ConvShape d = conv_shape(view);
  if (d.groups != d.c || d.k != d.c) return Support::no("more than one channel per group");
  if (d.c % kEach != 0) return Support::no(fmt::format("{} channels, multiples of {} run", d.c, kEach));
  if (!strips_take(d)) return Support::no("a window, stride or dilation without a kernel");
  const DType type = view.inputs[0].dtype;
  if (type != DType::kF16 && type != DType::kBF16 && type != DType::kS8)
    return Support::no(fmt::format("{} in", name(type)));
  if (view.outputs[0].dtype != type || (has_residual(view) && view.inputs[3].dtype != type))
    return Support::no("different types");
  constexpr std::int64_t kMostElements = std::int64_t{1} << 34;  // 16 by thread, which 32 bits count
  if (view.outputs[0].shape.elements() > kMostElements) return Support::no("more than 2^34 results");
  return pixels_fit(view);
}

std::vector<Config> configs(const NodeView& view, const DeviceInfo&) {
  std::vector<Config> made;
  for (const int rows : kRows)
    if (rows == 1 || rows <= conv_shape(view).p) made.push_back({{{"rows", rows}}});
  return made;
}

/// Of 8 bits the whole numbers.
Bytes pack(const NodeView& view, const Config&, const Weights& weights) {
  return depthwise_blob(filter_values(view, weights, true), conv_shape(view));
}

std::unique_ptr<Step> make(const NodeView& view, const Config& config, std::span<const std::byte> packed,
                           Device& device) {
  const ConvShape d = conv_shape(view);
  auto blob = as_cuda(device).resident(packed);
  const auto* filter = reinterpret_cast<const float*>(blob->data());
  const std::size_t offset = channels_offset(static_cast<std::size_t>(d.c * d.r * d.s), DType::kF32);
  const Epilogue e =
      epilogue_of(view, reinterpret_cast<const float*>(blob->data() + offset), is_8bit(view.inputs[0].dtype));
  return make_step([=, type = number_of(view.inputs[0]), rows = config.get("rows", 1), residual = has_residual(view)](
                       const Bindings& bindings, cudaStream_t stream) {
    static_cast<void>(blob);
    launch_strips(bindings.inputs[0], type, filter, bindings.outputs[0], d, with_residual(e, bindings, residual), rows,
                  stream);
  });
}

}  // namespace

const Tactic kStrips = {"strips", supports, configs, pack, make};

}  // namespace fovea::cuda
