// Resize in its versions (opset 10, 11, 13, 18, 19) and the older Upsample.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"
#include "interop/importer.h"
#include "interop/tensor_proto.h"

namespace fovea::interop {
namespace {

template <typename Enum>
Enum choice(const Importer& in, std::string_view attribute, Enum otherwise) {
  const auto names = enum_names(otherwise);
  const std::string text = in.text(attribute, std::string(names[static_cast<std::size_t>(otherwise)]));
  const auto found = std::ranges::find(names, text);
  if (found == names.end()) in.unsupported(fmt::format("{} is {}", attribute, text));
  return static_cast<Enum>(found - names.begin());
}

std::vector<float> reals(const Importer& in, int i, std::string_view what) {
  if (!in.has_input(i)) return {};
  const Tensor* tensor = in.constant(i);
  if (tensor == nullptr) in.unsupported(fmt::format("{} are known at run time only", what));
  const Tensor values = to_f32(*tensor);
  return {values.data<float>().begin(), values.data<float>().end()};
}

/// One entry per axis; those that `axes` does not name stay as they are.
template <typename T>
std::vector<T> spread(const std::vector<T>& given, const std::vector<std::int64_t>& axes, int rank, T otherwise) {
  if (given.empty()) return {};
  require(given.size() == axes.size(), ErrorKind::kInvalidArgument, "{} entries for {} axes", given.size(),
          axes.size());
  std::vector<T> all(static_cast<std::size_t>(rank), otherwise);
  for (std::size_t i = 0; i < axes.size(); ++i) all[static_cast<std::size_t>(axes[i])] = given[i];
  return all;
}

/// keep_aspect_ratio_policy: one scale for all axes, such that none is larger (or smaller) than asked.
void keep_aspect(const Importer& in, const std::vector<std::int64_t>& axes, Resize& op) {
  const std::string policy = in.text("keep_aspect_ratio_policy", "stretch");
  if (policy == "stretch" || op.sizes.empty()) return;
  float scale = policy == "not_larger" ? 1e30F : 0;
  for (const std::int64_t axis : axes) {
    const float ratio = static_cast<float>(op.sizes[static_cast<std::size_t>(axis)]) /
                        static_cast<float>(in.shape(0)[static_cast<int>(axis)]);
    scale = policy == "not_larger" ? std::min(scale, ratio) : std::max(scale, ratio);
  }
  op.scales.assign(op.sizes.size(), 1);
  for (const std::int64_t axis : axes) {
    const auto i = static_cast<std::size_t>(axis);
    op.scales[i] = scale;
    op.sizes[i] =
        static_cast<std::int64_t>(std::floor(scale * static_cast<float>(in.shape(0)[static_cast<int>(axis)]) + 0.5F));
  }
}

/// Opset 10 and Upsample: scales alone; nearest takes the element below.
void old_resize(Importer& in) {
  Resize op;
  op.mode = choice(in, "mode", ResizeKind::kNearest);
  op.place = ResizePlace::kAsymmetric;
  op.rounding = ResizeRounding::kFloor;
  if (const auto* scales = in.attribute("scales"))
    op.scales.assign(scales->floats().begin(), scales->floats().end());
  else
    op.scales = reals(in, 1, "the scales");
  in.emit(op, {in.input(0)});
}

void resize(Importer& in) {
  if (in.opset() < 11) return old_resize(in);
  const int rank = in.rank(0);
  Resize op;
  op.mode = choice(in, "mode", op.mode);
  op.place = choice(in, "coordinate_transformation_mode", op.place);
  op.rounding = choice(in, "nearest_mode", op.rounding);
  op.cubic_a = in.real("cubic_coeff_a", op.cubic_a);
  op.exclude_outside = in.integer("exclude_outside", 0) != 0;
  op.antialias = in.integer("antialias", 0) != 0;
  op.outside = in.real("extrapolation_value", 0);
  std::vector<std::int64_t> axes = in.integers("axes");
  for (std::int64_t& axis : axes) axis = normal_axis(axis, rank);
  if (axes.empty()) {
    axes.resize(static_cast<std::size_t>(rank));
    std::iota(axes.begin(), axes.end(), 0);
  }
  op.scales = spread(reals(in, 2, "the scales"), axes, rank, 1.0F);
  if (in.has_input(3) && in.shape(3).elements() > 0)
    op.sizes = spread(in.integers(3, "sizes"), axes, rank, std::int64_t{0});
  if (op.place == ResizePlace::kCrop) {
    const std::vector<float> roi = reals(in, 1, "the region");
    require(roi.size() == 2 * axes.size(), ErrorKind::kInvalidArgument, "a region of {} bounds", roi.size());
    const auto half = roi.begin() + static_cast<std::ptrdiff_t>(axes.size());
    op.roi = spread(std::vector<float>(roi.begin(), half), axes, rank, 0.0F);
    const std::vector<float> ends = spread(std::vector<float>(half, roi.end()), axes, rank, 1.0F);
    op.roi.insert(op.roi.end(), ends.begin(), ends.end());
  }
  keep_aspect(in, axes, op);
  if (!op.sizes.empty() && op.sizes[0] == in.shape(0)[0]) op.sizes[0] = 0;  // the batch
  const bool real = is_float(in.value(0).dtype);
  const ValueId x = real ? in.input(0) : in.add(Cast{DType::kF32}, {in.input(0)});
  if (real) return in.emit(op, {x});
  in.emit(Cast{in.value(0).dtype}, {in.add(op, {x})});
}

constexpr HandlerRow kHandlers[] = {
    {"Resize", resize},
    {"Upsample", old_resize},
};

}  // namespace

std::span<const HandlerRow> resize_handlers() { return kHandlers; }

}  // namespace fovea::interop
