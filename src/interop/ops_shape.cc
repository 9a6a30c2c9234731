// Ops that move values about: what ONNX passes as constant inputs becomes attributes here.
#include <algorithm>
#include <numeric>

#include "base/error.h"
#include "graph/ops/strided.h"
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

/// [n, (b b c), h, w] → [n, c, h b, w b]; mode CRD has (c b b).
void depth_to_space(Importer& in) {
  const std::int64_t b = in.integer("blocksize", 1);
  require(in.rank(0) == 4 && b > 0 && in.shape(0)[1] % (b * b) == 0, ErrorKind::kInvalidArgument, "blocks of {} in {}",
          b, in.shape(0).str());
  const std::int64_t c = in.shape(0)[1] / (b * b), h = in.shape(0)[2], w = in.shape(0)[3];
  const bool columns = in.text("mode", "DCR") == "CRD";
  const ValueId apart = in.add(columns ? Reshape{{0, c, b, b, h, w}} : Reshape{{0, b, b, c, h, w}}, {in.input(0)});
  const ValueId moved = in.add(columns ? Transpose{{0, 1, 4, 2, 5, 3}} : Transpose{{0, 3, 4, 1, 5, 2}}, {apart});
  in.emit(Reshape{{0, c, h * b, w * b}}, {moved});
}

void space_to_depth(Importer& in) {
  const std::int64_t b = in.integer("blocksize", 1);
  require(in.rank(0) == 4 && b > 0 && in.shape(0)[2] % b == 0 && in.shape(0)[3] % b == 0, ErrorKind::kInvalidArgument,
          "blocks of {} in {}", b, in.shape(0).str());
  const std::int64_t c = in.shape(0)[1], h = in.shape(0)[2] / b, w = in.shape(0)[3] / b;
  const ValueId apart = in.add(Reshape{{0, c, h, b, w, b}}, {in.input(0)});
  in.emit(Reshape{{0, c * b * b, h, w}}, {in.add(Transpose{{0, 3, 5, 1, 2, 4}}, {apart})});
}

Slice part_of(int axis, std::int64_t start, std::int64_t end, std::int64_t step = 1) {
  return {{axis}, {start}, {end}, {step}};
}

/// Neighbouring indices as slices, joined; all equally far apart: one slice.
ValueId picked(Importer& in, int axis, const std::vector<std::int64_t>& indices) {
  constexpr std::size_t kMostSlices = 256;
  const std::int64_t step = indices.size() > 1 ? indices[1] - indices[0] : 1;
  bool even = step > 0;
  for (std::size_t i = 1; i < indices.size(); ++i) even &= indices[i] - indices[i - 1] == step;
  if (even) return in.add(part_of(axis, indices.front(), indices.back() + 1, step), {in.input(0)});
  std::vector<ValueId> parts;
  for (std::size_t i = 0; i < indices.size();) {
    std::size_t end = i + 1;
    while (end < indices.size() && indices[end] == indices[end - 1] + 1) ++end;
    parts.push_back(in.add(part_of(axis, indices[i], indices[end - 1] + 1), {in.input(0)}));
    i = end;
  }
  if (parts.size() > kMostSlices) in.unsupported(fmt::format("it picks {} parts", parts.size()));
  return in.add(Concat{axis}, parts);
}

/// Indices are known: of constants at import, of other values by slices.
void gather(Importer& in) {
  if (in.constant(1) == nullptr) in.unsupported("its indices are known at run time only");
  if (in.constant(0) != nullptr) return gather_constants(in);
  const int axis = normal_axis(in.integer("axis", 0), in.rank(0));
  const std::int64_t size = in.shape(0)[axis];
  std::vector<std::int64_t> indices = in.integers(1, "its indices");
  require(!indices.empty(), ErrorKind::kInvalidArgument, "it picks nothing");
  for (std::int64_t& index : indices) {
    require(index >= -size && index < size, ErrorKind::kInvalidArgument, "index {} is outside a dimension of {}", index,
            size);
    if (index < 0) index += size;
  }
  const ValueId row = picked(in, axis, indices);
  if (in.rank(1) == 0) return in.emit(Squeeze{{axis}}, {row});
  if (in.rank(1) == 1) return in.emit_value(row);
  std::vector<std::int64_t> dims = in.shape(0).dims();
  dims.erase(dims.begin() + axis);
  dims.insert(dims.begin() + axis, in.shape(1).begin(), in.shape(1).end());
  if (axis > 0) dims[0] = 0;
  in.emit(Reshape{dims}, {row});
}

/// A constant is repeated at import, another value by a product with ones.
void expand(Importer& in) {
  if (in.constant(0) != nullptr) return expand_constant(in);
  const Shape& from = in.shape(0);
  const Shape to = broadcast(from, Shape(in.integers(1, "the shape")));
  if (to == from) return in.emit(Identity{}, {in.input(0)});
  if (!is_float(in.value(0).dtype)) in.unsupported("integers known at run time are repeated");
  std::vector<std::int64_t> dims = to.dims();
  for (int back = 1; back <= from.rank(); ++back)
    if (from[from.rank() - back] == to[to.rank() - back]) dims[static_cast<std::size_t>(to.rank() - back)] = 1;
  const ValueId ones = in.add_constant(broadcast_to(Tensor::scalar(1), Shape(dims)));
  in.emit(Binary{BinaryKind::kMul, {}}, {in.input(0), ones});
}

/// Networks run in f32 (or as a plan says): casts among float types say nothing here.
DType here(DType wanted) { return is_float(wanted) ? DType::kF32 : wanted; }

/// FP8 here saturates, as ONNX does unless told otherwise.
void check_saturation(Importer& in, DType to) {
  if (to == DType::kF8 && in.integer("saturate", 1) == 0)
    in.unsupported("saturate is 0: FP8 without saturation has no place here");
}

void cast(Importer& in) {
  const DType to = here(dtype_of(static_cast<int>(in.integer("to", 1)), "Cast"));
  check_saturation(in, to);
  if (to == in.value(0).dtype) return in.emit(Identity{}, {in.input(0)});
  in.emit(Cast{to}, {in.input(0)});
}

void cast_like(Importer& in) {
  const DType to = here(in.value(1).dtype);
  check_saturation(in, to);
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
    {"DepthToSpace", depth_to_space},
    {"SpaceToDepth", space_to_depth},
    {"Gather", gather},
    {"Expand", expand},
    {"Pad", pad},
    {"Cast", cast},
    {"CastLike", cast_like},
};

}  // namespace

std::span<const HandlerRow> shape_handlers() { return kHandlers; }

}  // namespace fovea::interop
