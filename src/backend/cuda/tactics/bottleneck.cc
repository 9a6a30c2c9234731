#include "backend/cuda/kernels/bottleneck.h"

#include "backend/api/region_view.h"
#include "backend/cuda/tactics.h"
#include "backend/cuda/tactics/support.h"
#include "backend/cuda/tactics/weighted.h"

namespace fovea::cuda {
namespace {

constexpr std::array kRows = {4, 7, 8, 2, 1};  ///< of y by block: many share their edges, few fill the GPU

/// A node of the region and where it stands there.
struct Part {
  const NodeView* view = nullptr;
  std::size_t node = 0;
};
/// The one that adds is `last`, or `project` where there is one; else the latter's view is null.
struct Block {
  Part first, window, last, project;
};

bool is_convolution(const NodeView& view, int side, bool adds) {
  const auto* conv = std::get_if<Conv2d>(&view.op);
  const int pad = side / 2;
  Conv2d wanted;
  wanted.pads = {pad, pad, pad, pad};
  wanted.residual = adds;
  if (conv != nullptr) wanted.act = conv->act, wanted.tf32 = conv->tf32;
  return conv != nullptr && *conv == wanted && view.inputs[1].shape[2] == side && view.inputs[1].shape[3] == side;
}

/// By what reads what: x → first → window → last + x, or x → project + last.
std::optional<Block> block_of(const RegionView& region) {
  const std::vector<Node>& nodes = region.graph.nodes();
  if (nodes.size() < 3 || nodes.size() > 4) return std::nullopt;
  const bool projected = nodes.size() == 4;
  const ValueId x = region.graph.inputs()[0];
  const auto made_by = [&](std::size_t i, ValueId id, int side, bool adds) {
    return nodes[i].outputs[0] == id && is_convolution(region.nodes[i], side, adds);
  };
  if (!made_by(nodes.size() - 1, region.graph.outputs()[0], 1, true) || !made_by(0, nodes[1].inputs[0], 1, false) ||
      !made_by(1, nodes[2].inputs[0], 3, false) || nodes[0].inputs[0] != x)
    return std::nullopt;
  if (projected && (!made_by(2, nodes[3].inputs[3], 1, false) || nodes[3].inputs[0] != x)) return std::nullopt;
  if (!projected && nodes[2].inputs[3] != x) return std::nullopt;
  Block block{{&region.nodes[0], 0}, {&region.nodes[1], 1}, {&region.nodes[2], 2}, {}};
  if (projected) block.project = {&region.nodes[3], 3};
  return block;
}

std::vector<const NodeView*> parts_of(const Block& block) {
  std::vector<const NodeView*> parts = {block.first.view, block.window.view, block.last.view};
  if (block.project.view != nullptr) parts.push_back(block.project.view);
  return parts;
}

BottleneckShape shape_of(const Block& block, int rows) {
  const ConvShape d = conv_shape(*block.first.view);
  BottleneckShape shape{};
  shape.n = d.n, shape.h = d.h, shape.w = d.w, shape.depth = d.c, shape.k = conv_shape(*block.last.view).k;
  shape.project = block.project.view != nullptr;
  shape.rows = rows;
  return bottleneck_shape(shape, block.first.view->inputs[0].dtype);
}

Support parts_fit(const Block& block) {
  const DType type = block.first.view->inputs[0].dtype;
  if (type != DType::kS8 && type != DType::kF16 && type != DType::kBF16)
    return Support::no(fmt::format("{} in", name(type)));
  for (const NodeView* view : parts_of(block)) {
    if (auto answer = weighted_fits(*view); !answer) return answer;
    for (const OperandView* operand : {&view->inputs[0], &view->outputs[0]})
      if (operand->dtype != type) return Support::no("values of several types");
    if (auto answer = around_zero(*view); !answer) return answer;
    if (type == DType::kS8 && !is_bound(activation_of(*view))) return Support::no("an activation that is no bound");
    if (auto answer = pixels_fit(*view); !answer) return answer;
  }
  return Support::yes();
}

Support supports(const NodeView& view, const DeviceInfo&) {
  const auto* op = std::get_if<Region>(&view.op);
  if (op == nullptr || op->body.text.empty()) return Support::no("no region");
  if (auto answer = all_in(view, Layout::kNhwc); !answer) return answer;
  const RegionView region = region_view(view);
  const std::optional<Block> block = block_of(region);
  if (!block) return Support::no("no bottleneck block of stride 1");
  if (auto answer = parts_fit(*block); !answer) return answer;
  const BottleneckShape shape = shape_of(*block, 1);
  const int middle = conv_shape(*block->first.view).k, depth = shape.project ? 64 : 256;
  if (middle != kBottleneckMiddle || shape.depth != depth || shape.k % kBottleneckMiddle != 0)
    return Support::no(fmt::format("{}, {} and {} channels", shape.depth, middle, shape.k));
  return shape.shared_bytes <= kMostBottleneckBytes ? Support::yes()
                                                    : Support::no("filters too large for shared memory");
}

std::vector<Config> configs(const NodeView& view, const DeviceInfo&) {
  const RegionView region = region_view(view);
  const Block block = *block_of(region);
  std::vector<Config> made;
  for (const int rows : kRows) {
    const BottleneckShape shape = shape_of(block, rows);
    if ((rows == 1 || rows <= shape.h) && shape.shared_bytes <= kMostBottleneckBytes)
      made.push_back({{{"rows", rows}}});
  }
  return made;
}

using PlaceOf = std::size_t (*)(const BottleneckShape& shape, DType dtype, int k, int tap, int c);

/// The parts in the order of their filters and channels, with the places of their filters.
std::vector<std::pair<Part, PlaceOf>> placed_parts(const Block& block) {
  std::vector<std::pair<Part, PlaceOf>> parts = {
      {block.first,
       [](const BottleneckShape& d, DType t, int k, int, int c) { return bottleneck_first_place(d, t, k, c); }},
      {block.window, bottleneck_window_place},
      {block.last,
       [](const BottleneckShape& d, DType t, int k, int, int c) { return bottleneck_last_place(d, t, k, c); }}};
  if (block.project.view != nullptr)
    parts.emplace_back(block.project, [](const BottleneckShape& d, DType t, int k, int, int c) {
      return bottleneck_project_place(d, t, k, c);
    });
  return parts;
}

/// All filters, then all biases, then (8 bits) all scales.
Bytes pack(const NodeView& view, const Config& config, const Weights& weights) {
  const RegionView region = region_view(view, &weights);
  const Block block = *block_of(region);
  const BottleneckShape shape = shape_of(block, config.get("rows", 1));
  const DType type = block.first.view->inputs[0].dtype;
  FilterValues all;
  all.filter.resize(bottleneck_filter_elements(shape));
  for (const auto& [part, place] : placed_parts(block)) {
    FilterValues own = filter_values(*part.view, weights_of(region.graph, region.graph.nodes()[part.node]), true);
    if (type == DType::kS8) to_steps(own, *part.view);
    const ConvShape d = conv_shape(*part.view);
    std::size_t at = 0;
    for (int k = 0; k < d.k; ++k)
      for (int tap = 0; tap < d.r * d.s; ++tap)
        for (int c = 0; c < d.c; ++c) all.filter[place(shape, type, k, tap, c)] = own.filter[at++];
    all.bias.insert(all.bias.end(), own.bias.begin(), own.bias.end());
    all.scale.insert(all.scale.end(), own.scale.begin(), own.scale.end());
  }
  return blob_of(all, type);
}

std::unique_ptr<Step> make(const NodeView& view, const Config& config, std::span<const std::byte> packed,
                           Device& device) {
  const RegionView region = region_view(view);
  const Block block = *block_of(region);
  const BottleneckShape shape = shape_of(block, config.get("rows", 1));
  const DType type = block.first.view->inputs[0].dtype;
  auto blob = as_cuda(device).resident(packed);
  const auto* bias =
      reinterpret_cast<const float*>(blob->data() + channels_offset(bottleneck_filter_elements(shape), type));
  int channels = 0;
  for (const NodeView* part : parts_of(block)) channels += conv_shape(*part).k;
  auto next = [&, scale = bias + channels](const Part& part) mutable {
    Epilogue e = epilogue_of(*part.view, bias, false);
    if (type == DType::kS8) e.scale = scale;
    bias += conv_shape(*part.view).k, scale += conv_shape(*part.view).k;
    return e;
  };
  BottleneckEpilogues e{next(block.first), next(block.window), next(block.last), {}};
  if (block.project.view != nullptr) e.project = next(block.project);
  return make_step([=](const Bindings& bindings, cudaStream_t stream) {
    BottleneckEpilogues with_x = e;
    (shape.project ? with_x.project : with_x.last).residual = bindings.inputs[0];  // or else: something is added
    launch_bottleneck(bindings.inputs[0], blob->data(), bindings.outputs[0], type, shape, with_x, stream);
  });
}

}  // namespace

const Tactic kBottleneck = {"bottleneck", supports, configs, pack, make};

}  // namespace fovea::cuda
