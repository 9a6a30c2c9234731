// Normalisation: by statistics that the model holds (batch norm), and over a value's own axes (layer, instance, group).
#include <algorithm>
#include <numeric>
#include <set>

#include "base/error.h"
#include "interop/importer.h"

namespace fovea::interop {
namespace {

std::vector<std::int64_t> axes_from(int first, int rank) {
  std::vector<std::int64_t> axes(static_cast<std::size_t>(rank - first));
  std::iota(axes.begin(), axes.end(), first);
  return axes;
}

/// x · scale + bias, both broadcast.
void emit_affine(Importer& in, ValueId x, ValueId scale, ValueId bias) {
  const ValueId scaled = in.add(Binary{BinaryKind::kMul, {}}, {x, scale});
  if (bias == kNoValue) return in.emit_value(scaled);
  in.emit(Binary{BinaryKind::kAdd, {}}, {scaled, bias});
}

void layer_normalization(Importer& in) {
  LayerNorm op;
  op.axes = axes_from(normal_axis(in.integer("axis", -1), in.rank(0)), in.rank(0));
  op.epsilon = in.real("epsilon", 1e-5F);
  std::vector<std::int64_t> dims;
  for (const std::int64_t axis : op.axes) dims.push_back(in.shape(0)[static_cast<int>(axis)]);
  const bool whole = in.shape(1) == Shape(dims) && (!in.has_input(2) || in.shape(2) == Shape(dims));
  if (whole) return in.emit(op, {in.input(0), in.input(1), in.input_or_none(2)});
  emit_affine(in, in.add(op, {in.input(0), kNoValue, kNoValue}), in.input(1), in.input_or_none(2));
}

/// One factor per channel, as [c, 1, 1 …] beside n × c × ….
ValueId per_channel(Importer& in, int i) {
  if (!in.has_input(i)) return kNoValue;
  std::vector<std::int64_t> dims(static_cast<std::size_t>(in.rank(0) - 1), 1);
  dims[0] = in.shape(i).elements();
  return in.add(Reshape{dims}, {in.input(i)});
}

/// Each channel of each image by its own mean and variance.
void instance_normalization(Importer& in) {
  if (in.rank(0) < 3) in.unsupported(fmt::format("input has shape {}", in.shape(0).str()));
  LayerNorm op;
  op.axes = axes_from(2, in.rank(0));
  op.epsilon = in.real("epsilon", 1e-5F);
  emit_affine(in, in.add(op, {in.input(0), kNoValue, kNoValue}), per_channel(in, 1), per_channel(in, 2));
}

/// Whether no image reaches a value.
bool is_fixed(const Graph& graph, ValueId wanted) {
  std::set<ValueId> varying(graph.inputs().begin(), graph.inputs().end());
  for (const Node& node : graph.nodes())
    if (std::ranges::any_of(node.inputs, [&](ValueId id) { return varying.contains(id); }))
      varying.insert(node.outputs.begin(), node.outputs.end());
  return !varying.contains(wanted);
}

/// By statistics of the batch at hand, which is how PyTorch exports standardised weights: filters as the channels of
/// one image. One image's own statistics are the batch's.
void batch_norm_in_training(Importer& in) {
  const bool one_image = in.rank(0) > 2 && in.shape(0)[0] == 1;
  if (!one_image || !is_fixed(in.graph(), in.input(0)))
    in.unsupported("training_mode is set: the file is no inference model");
  instance_normalization(in);
}

void batch_normalization(Importer& in) {
  if (in.integer("training_mode", 0) != 0) return batch_norm_in_training(in);
  if (in.opset() < 9 && in.integer("spatial", 1) == 0) in.unsupported("spatial=0");
  BatchNorm op;
  op.epsilon = in.real("epsilon", 1e-5F);
  op.momentum = in.real("momentum", 0.9F);
  in.emit(op, {in.input(0), in.input(1), in.input(2), in.input(3), in.input(4)});
}

/// Before opset 21 scale and bias had one entry per group.
void group_normalization(Importer& in) {
  const std::int64_t groups = in.integer("num_groups", 0), channels = in.rank(0) < 2 ? 0 : in.shape(0)[1];
  require(groups > 0 && channels % groups == 0, ErrorKind::kInvalidArgument, "{} groups of {} channels", groups,
          channels);
  std::vector<std::int64_t> dims = in.shape(0).dims();
  dims[0] = 0;
  LayerNorm op;
  op.axes.push_back(2);
  op.epsilon = in.real("epsilon", 1e-5F);
  const ValueId rows = in.add(Reshape{{0, groups, -1}}, {in.input(0)});
  ValueId y = in.add(op, {rows, kNoValue, kNoValue});
  const bool by_group = in.shape(1).elements() == groups && groups != channels;
  if (!by_group) return emit_affine(in, in.add(Reshape{dims}, {y}), per_channel(in, 1), per_channel(in, 2));
  y = in.add(Binary{BinaryKind::kMul, {}}, {y, in.add(Reshape{{groups, 1}}, {in.input(1)})});
  y = in.add(Binary{BinaryKind::kAdd, {}}, {y, in.add(Reshape{{groups, 1}}, {in.input(2)})});
  in.emit(Reshape{dims}, {y});
}

constexpr HandlerRow kHandlers[] = {
    {"BatchNormalization", batch_normalization},
    {"LayerNormalization", layer_normalization},
    {"InstanceNormalization", instance_normalization},
    {"GroupNormalization", group_normalization},
};

}  // namespace

std::span<const HandlerRow> normalize_handlers() { return kHandlers; }

}  // namespace fovea::interop
