// Ops that move values about: what ONNX passes as constant inputs becomes attributes here.
#include <algorithm>
#include <numeric>

#include "base/error.h"
#include "interop/importer.h"
#include "interop/tensor_proto.h"

namespace fovea::interop {
namespace {

std::vector<std::int64_t> normal_axes(std::vector<std::int64_t> axes, int rank) {
  for (std::int64_t& axis : axes) axis = normal_axis(axis, rank);
  return axes;
}

/// A target computed for this batch has the batch written in; as "copy dimension 0" it holds for every batch.
void reshape(Importer& in) {
  std::vector<std::int64_t> dims = in.opset() < 5 ? in.integers("shape") : in.integers(1, "the shape");
  const Shape& from = in.shape(0);
  if (in.integer("allowzero", 0) != 0 && std::ranges::find(dims, 0) != dims.end())
    in.unsupported("allowzero with a dimension of 0");
  if (!in.constant(0) && !dims.empty() && from.rank() > 0 && dims[0] == from[0] && from[0] > 0) dims[0] = 0;
  in.emit(Reshape{dims}, {in.input(0)});
}

void flatten(Importer& in) {
  const std::int64_t axis = in.integer("axis", 1);
  const int rank = in.rank(0);
  require(axis >= -rank && axis <= rank, ErrorKind::kInvalidArgument, "axis {} is outside rank {}", axis, rank);
  in.emit(Flatten{static_cast<int>(axis < 0 ? axis + rank : axis)}, {in.input(0)});
}

void squeeze(Importer& in) {
  std::vector<std::int64_t> axes = normal_axes(in.integers_or_input("axes", 1), in.rank(0));
  if (axes.empty() && !in.has_input(1) && in.attribute("axes") == nullptr)
    for (int i = 0; i < in.rank(0); ++i)
      if (in.shape(0)[i] == 1) axes.push_back(i);
  std::ranges::sort(axes);
  in.emit(Squeeze{axes}, {in.input(0)});
}

void unsqueeze(Importer& in) {
  const std::vector<std::int64_t> given = in.integers_or_input("axes", 1);
  std::vector<std::int64_t> axes = normal_axes(given, in.rank(0) + static_cast<int>(given.size()));
  std::ranges::sort(axes);
  in.emit(Unsqueeze{axes}, {in.input(0)});
}

void transpose(Importer& in) {
  std::vector<std::int64_t> perm = in.integers("perm");
  if (perm.empty())
    for (int i = in.rank(0) - 1; i >= 0; --i) perm.push_back(i);
  in.emit(Transpose{perm}, {in.input(0)});
}

void concat(Importer& in) {
  std::vector<ValueId> inputs;
  for (int i = 0; i < in.input_count(); ++i) inputs.push_back(in.input(i));
  in.emit(Concat{normal_axis(in.integer("axis", 1), in.rank(0))}, inputs);
}

void split(Importer& in) {
  Split op;
  op.axis = normal_axis(in.integer("axis", 0), in.rank(0));
  op.sizes = in.opset() < 13 ? in.integers("split") : (in.has_input(1) ? in.integers(1, "split") : op.sizes);
  if (op.sizes.empty()) {  // equal parts, the last one smaller (opset 18)
    const std::int64_t parts = in.integer("num_outputs", in.node().output_size());
    const std::int64_t size = in.shape(0)[op.axis];
    require(parts > 0 && parts <= size, ErrorKind::kInvalidArgument, "{} parts of a dimension of {}", parts, size);
    const std::int64_t each = (size + parts - 1) / parts;
    for (std::int64_t i = 0; i < parts; ++i) op.sizes.push_back(std::min(each, size - i * each));
  }
  in.emit(op, {in.input(0)});
}

void slice(Importer& in) {
  Slice op;
  if (in.opset() < 10) {
    op.starts = in.integers("starts");
    op.ends = in.integers("ends");
    op.axes = in.integers("axes");
  } else {
    op.starts = in.integers(1, "starts");
    op.ends = in.integers(2, "ends");
    if (in.has_input(3)) op.axes = in.integers(3, "axes");
    if (in.has_input(4)) op.steps = in.integers(4, "steps");
  }
  if (op.axes.empty()) {
    op.axes.resize(op.starts.size());
    std::iota(op.axes.begin(), op.axes.end(), 0);
  }
  op.axes = normal_axes(op.axes, in.rank(0));
  if (op.steps.empty()) op.steps.assign(op.axes.size(), 1);
  in.emit(op, {in.input(0)});
}

template <ReduceKind kKind>
void reduce(Importer& in) {
  Reduce op;
  op.kind = kKind;
  op.axes = normal_axes(in.integers_or_input("axes", 1), in.rank(0));
  op.keep_dims = in.integer("keepdims", 1) != 0;
  if (op.axes.empty() && in.integer("noop_with_empty_axes", 0) != 0) return in.emit(Identity{}, {in.input(0)});
  std::ranges::sort(op.axes);
  in.emit(op, {in.input(0)});
}

void pad(Importer& in) {
  Pad op;
  const std::string mode = in.text("mode", "constant");
  constexpr std::pair<std::string_view, PadMode> kModes[] = {{"constant", PadMode::kConstant},
                                                             {"reflect", PadMode::kReflect},
                                                             {"edge", PadMode::kEdge},
                                                             {"wrap", PadMode::kWrap}};
  const auto* found = std::ranges::find(kModes, mode, &std::pair<std::string_view, PadMode>::first);
  if (found == std::end(kModes)) in.unsupported("mode is " + mode);
  op.mode = found->second;
  const std::vector<std::int64_t> pads = in.opset() < 11 ? in.integers("pads") : in.integers(1, "pads");
  if (in.opset() < 11)
    op.value = in.real("value", 0);
  else if (in.has_input(2))
    op.value = in.number(2, "the value");
  const auto rank = static_cast<std::size_t>(in.rank(0));
  std::vector<std::int64_t> axes(rank);
  std::iota(axes.begin(), axes.end(), 0);
  if (in.has_input(3)) axes = normal_axes(in.integers(3, "axes"), in.rank(0));
  require(pads.size() == axes.size() * 2, ErrorKind::kInvalidArgument, "{} pads for {} axes", pads.size(), axes.size());
  op.before.assign(rank, 0);
  op.after.assign(rank, 0);
  for (std::size_t i = 0; i < axes.size(); ++i) {
    op.before[static_cast<std::size_t>(axes[i])] = pads[i];
    op.after[static_cast<std::size_t>(axes[i])] = pads[i + axes.size()];
  }
  in.emit(op, {in.input(0)});
}

/// Networks run in f32 (or as a plan says): casts among float types say nothing here.
DType here(DType wanted) { return is_float(wanted) ? DType::kF32 : wanted; }

void cast(Importer& in) {
  const DType to = here(dtype_of(static_cast<int>(in.integer("to", 1)), "Cast"));
  if (to == in.value(0).dtype) return in.emit(Identity{}, {in.input(0)});
  in.emit(Cast{to}, {in.input(0)});
}

void cast_like(Importer& in) {
  const DType to = here(in.value(1).dtype);
  if (to == in.value(0).dtype) return in.emit(Identity{}, {in.input(0)});
  in.emit(Cast{to}, {in.input(0)});
}

constexpr HandlerRow kHandlers[] = {
    {"Reshape", reshape},
    {"Flatten", flatten},
    {"Squeeze", squeeze},
    {"Unsqueeze", unsqueeze},
    {"Transpose", transpose},
    {"Concat", concat},
    {"Split", split},
    {"Slice", slice},
    {"ReduceMean", reduce<ReduceKind::kMean>},
    {"ReduceSum", reduce<ReduceKind::kSum>},
    {"ReduceMax", reduce<ReduceKind::kMax>},
    {"Pad", pad},
    {"Cast", cast},
    {"CastLike", cast_like},
};

}  // namespace

std::span<const HandlerRow> shape_handlers() { return kHandlers; }

}  // namespace fovea::interop
