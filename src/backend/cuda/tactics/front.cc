#include "backend/cuda/kernels/front.h"

#include <cstring>

#include "backend/api/region_view.h"
#include "backend/cuda/tactics.h"
#include "backend/cuda/tactics/support.h"
#include "backend/cuda/tactics/weighted.h"
#include "graph/reference.h"

namespace fovea::cuda {
namespace {

constexpr std::array kRows = {4, 2, 8, 1};  ///< of the result by block: many share what they read, few fill the GPU
constexpr std::size_t kTableBytes = kFrontTable * sizeof(std::uint32_t);

/// The three nodes; `pool` is null where there is none.
struct Front {
  const NodeView *pixels, *conv, *pool;
};

std::optional<Front> front_of(const RegionView& region) {
  const auto is = [&]<typename Type>(std::size_t i, std::in_place_type_t<Type>) {
    return i < region.nodes.size() && std::holds_alternative<Type>(region.nodes[i].op);
  };
  if (region.nodes.size() > 3 || !is(0, std::in_place_type<PixelsToTensor>) || !is(1, std::in_place_type<Conv2d>))
    return std::nullopt;
  const bool pooled = is(2, std::in_place_type<Pool>);
  if (region.nodes.size() == 3 && !pooled) return std::nullopt;
  return Front{&region.nodes[0], &region.nodes[1], pooled ? &region.nodes[2] : nullptr};
}

Support pool_fits(const NodeView& view) {
  const auto& op = std::get<Pool>(view.op);
  if (op.kind != PoolKind::kMax || op.kernel != std::array{3, 3} || op.strides != std::array{2, 2} ||
      op.dilations != std::array{1, 1} || op.pads[0] != 1 || op.pads[1] != 1)
    return Support::no("pooling other than the greatest of 3 × 3 with stride 2 and padding 1");
  const Shape &x = view.inputs[0].shape, &y = view.outputs[0].shape;
  for (const int axis : {2, 3})
    if (2 * (y[axis] - 1) >= x[axis]) return Support::no("a window outside the image");
  if (view.inputs[0].quant != view.outputs[0].quant) return Support::no("pooling that changes the scale");
  return Support::yes();
}

Support conv_fits(const NodeView& view) {
  if (auto answer = weighted_fits(view); !answer) return answer;
  const DType type = view.inputs[0].dtype;
  if (type != DType::kS8 && type != DType::kF16 && type != DType::kBF16)
    return Support::no(fmt::format("{} in", name(type)));
  if (view.outputs[0].dtype != type) return Support::no(fmt::format("{} out", name(view.outputs[0].dtype)));
  if (auto answer = around_zero(view); !answer) return answer;
  if (has_residual(view)) return Support::no("a residual");
  if (!is_bound(activation_of(view))) return Support::no("an activation that is no bound");
  const ConvShape d = conv_shape(view);
  if (d.groups != 1 || d.dilation_h != 1 || d.dilation_w != 1) return Support::no("groups or dilation");
  if (d.stride_h != 2 || d.stride_w != 2) return Support::no("a stride other than 2");
  if (d.k % 8 != 0) return Support::no(fmt::format("{} channels out, multiples of 8 run", d.k));
  const FrontShape least = front_shape(d, type, 1, false, d.p, d.q);
  if (d.s + least.phase > kFrontTaps || least.steps > kMostFrontSteps) return Support::no("filters that are too large");
  return pixels_fit(view);
}

FrontShape shape_of(const Front& front, int rows) {
  const NodeView& last = front.pool != nullptr ? *front.pool : *front.conv;
  const Shape& y = last.outputs[0].shape;
  return front_shape(conv_shape(*front.conv), front.conv->inputs[0].dtype, rows, front.pool != nullptr,
                     static_cast<int>(y[2]), static_cast<int>(y[3]));
}

Support supports(const NodeView& view, const DeviceInfo&) {
  const auto* op = std::get_if<Region>(&view.op);
  if (op == nullptr || op->body.text.empty()) return Support::no("no region");
  if (view.inputs[0].layout != Layout::kPlain) return Support::no("pixels in another order");
  if (view.outputs[0].layout != Layout::kNhwc) return Support::no("an output that does not lie n h w c");
  const RegionView region = region_view(view);
  const std::optional<Front> front = front_of(region);
  if (!front) return Support::no("no front of a network");
  if (auto answer = conv_fits(*front->conv); !answer) return answer;
  if (front->pool != nullptr)
    if (auto answer = pool_fits(*front->pool); !answer) return answer;
  return shape_of(*front, 1).shared_bytes <= kMostFrontBytes
             ? Support::yes()
             : Support::no("rows or filters too large for shared memory");
}

std::vector<Config> configs(const NodeView& view, const DeviceInfo&) {
  const RegionView region = region_view(view);
  const Front front = *front_of(region);
  std::vector<Config> made;
  for (const int rows : kRows) {
    const FrontShape shape = shape_of(front, rows);
    if ((rows == 1 || rows <= shape.p) && shape.shared_bytes <= kMostFrontBytes) made.push_back({{{"rows", rows}}});
  }
  return made;
}

/// What each value of each channel becomes, by the reference.
std::array<std::uint32_t, kFrontTable> table_of(const NodeView& pixels) {
  const std::int64_t channels = pixels.inputs[0].shape[3];
  Graph graph;
  const ValueId x = graph.add_input("pixels", DType::kU8, {1, 1, 256, channels});
  const ValueId y = graph.add_node(pixels.op, {x}, "tensor");
  graph.value(y).dtype = pixels.outputs[0].dtype;
  graph.value(y).quant = pixels.outputs[0].quant;
  graph.set_outputs({y});
  Tensor values(DType::kU8, {1, 1, 256, channels});
  for (std::size_t i = 0; i < values.data<std::uint8_t>().size(); ++i)
    values.data<std::uint8_t>()[i] = static_cast<std::uint8_t>(i / static_cast<std::size_t>(channels));
  const Tensor stored = run_reference(graph, std::vector{values}).at(0);  // 1 × channels × 1 × 256
  const std::size_t each = size_of(stored.dtype());
  std::array<std::uint32_t, kFrontTable> table{};
  for (std::size_t i = 0; i < static_cast<std::size_t>(channels) * 256; ++i)
    std::memcpy(reinterpret_cast<std::byte*>(&table[i]) + i / 256 * each % 4, stored.bytes().data() + i * each, each);
  return table;
}

/// The table, then the filter and what goes with its channels.
Bytes pack(const NodeView& view, const Config& config, const Weights& weights) {
  const RegionView region = region_view(view, &weights);
  const Front front = *front_of(region);
  const ConvShape d = conv_shape(*front.conv);
  const DType type = front.conv->inputs[0].dtype;
  const FrontShape shape = shape_of(front, config.get("rows", 1));
  FilterValues values = filter_values(*front.conv, weights_of(region.graph, region.graph.nodes()[1]), true);
  std::vector<float> filter(front_filter_elements(shape, type));
  std::size_t at = 0;
  for (int k = 0; k < d.k; ++k)
    for (int r = 0; r < d.r; ++r)
      for (int s = 0; s < d.s; ++s)
        for (int c = 0; c < d.c; ++c) filter[front_place(shape, type, k, r, s, c)] = values.filter[at++];
  values.filter = std::move(filter);
  if (type == DType::kS8) to_steps(values, *front.conv);
  const Bytes rest = blob_of(values, type);
  const auto table = table_of(*front.pixels);
  Bytes blob(kTableBytes + rest.size());
  std::memcpy(blob.data(), table.data(), kTableBytes);
  std::memcpy(blob.data() + kTableBytes, rest.data(), rest.size());
  return blob;
}

std::unique_ptr<Step> make(const NodeView& view, const Config& config, std::span<const std::byte> packed,
                           Device& device) {
  const RegionView region = region_view(view);
  const Front front = *front_of(region);
  const DType type = front.conv->inputs[0].dtype;
  const FrontShape shape = shape_of(front, config.get("rows", 1));
  auto blob = as_cuda(device).resident(packed);
  const std::byte* filter = blob->data() + kTableBytes;
  const auto* channels =
      reinterpret_cast<const float*>(filter + channels_offset(front_filter_elements(shape, type), type));
  const Epilogue e = epilogue_of(*front.conv, channels, type == DType::kS8);
  return make_step([=](const Bindings& bindings, cudaStream_t stream) {
    launch_front(reinterpret_cast<const std::uint8_t*>(bindings.inputs[0]),
                 reinterpret_cast<const std::uint32_t*>(blob->data()), filter, bindings.outputs[0], type, shape, e,
                 stream);
  });
}

}  // namespace

const Tactic kFront = {"front", supports, configs, pack, make};

}  // namespace fovea::cuda
