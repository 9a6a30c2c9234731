#include "backend/cuda/tactics.h"
#include "backend/cuda/tactics/support.h"
#include "backend/cuda/tactics/weighted.h"

namespace fovea::cuda {
namespace {

constexpr std::array kRows = {4, 8, 2, 1};  ///< of the output by block: many share what they read, few fill the GPU

bool fits_block(const ConvShape& conv, int rows) {
  const StemShape made = stem_shape(conv, rows);
  return 2 * made.steps <= StemShape::kMostEights && made.shared_bytes <= kMostStemBytes;
}

DType filter_type(const NodeView& view) { return view.inputs[0].dtype == DType::kBF16 ? DType::kBF16 : DType::kF16; }

Support supports(const NodeView& view, const DeviceInfo&) {
  constexpr int kMostChannels = 4;
  if (!std::holds_alternative<Conv2d>(view.op)) return Support::no("no convolution");
  if (auto answer = weighted_fits(view); !answer) return answer;
  if (auto answer = integers_fit(view); !answer) return answer;
  const ConvShape d = conv_shape(view);
  if (view.inputs[0].dtype == DType::kF32) return Support::no("f32 in");
  if (has_residual(view)) return Support::no("a residual");
  if (d.c > kMostChannels) return Support::no(fmt::format("{} channels, up to {} run", d.c, kMostChannels));
  if (d.groups != 1 || d.dilation_h != 1 || d.dilation_w != 1) return Support::no("groups or dilation");
  if (d.k % 8 != 0) return Support::no(fmt::format("{} channels out, multiples of 8 run", d.k));
  return fits_block(d, 1) ? Support::yes() : Support::no("rows or filters too large for shared memory");
}

std::vector<Config> configs(const NodeView& view, const DeviceInfo&) {
  const ConvShape d = conv_shape(view);
  std::vector<Config> made;
  for (const int rows : kRows)
    if ((rows == 1 || rows <= d.p) && fits_block(d, rows)) made.push_back({{{"rows", rows}}});
  return made;
}

Bytes pack(const NodeView& view, const Config& config, const Weights& weights) {
  const ConvShape d = conv_shape(view);
  const StemShape shape = stem_shape(d, config.get("rows", 1));
  FilterValues values = filter_values(view, weights, true);
  std::vector<float> filter(stem_filter_elements(shape));
  std::size_t at = 0;
  for (int k = 0; k < d.k; ++k)
    for (int r = 0; r < d.r; ++r)
      for (int s = 0; s < d.s; ++s)
        for (int c = 0; c < d.c; ++c) filter[stem_place(shape, k, r, s, c)] = values.filter[at++];
  values.filter = std::move(filter);
  return blob_of(values, filter_type(view));
}

std::unique_ptr<Step> make(const NodeView& view, const Config& config, std::span<const std::byte> packed,
                           Device& device) {
  const StemShape shape = stem_shape(conv_shape(view), config.get("rows", 1));
  auto blob = as_cuda(device).resident(packed);
  const std::size_t offset = channels_offset(stem_filter_elements(shape), filter_type(view));
  const Epilogue e =
      epilogue_of(view, reinterpret_cast<const float*>(blob->data() + offset), is_scaled8(view.inputs[0].dtype));
  return make_step([=, type = number_of(view.inputs[0])](const Bindings& bindings, cudaStream_t stream) {
    launch_stem(bindings.inputs[0], type, blob->data(), bindings.outputs[0], shape, e, stream);
  });
}

}  // namespace

const Tactic kStem = {"stem", supports, configs, pack, make};

}  // namespace fovea::cuda
