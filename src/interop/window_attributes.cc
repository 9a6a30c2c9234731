#include "interop/window_attributes.h"

#include <algorithm>
#include <cstdlib>

#include "base/error.h"

namespace fovea::interop {
namespace {

/// Axes along which a window slides: of lines (n×c×w) one, of images two.
std::size_t window_axes(const Importer& in) { return in.rank(0) == 3 ? 1 : 2; }

}  // namespace

std::array<int, 2> pair_of(const Importer& in, std::string_view name, int otherwise) {
  const std::vector<std::int64_t> values = in.integers(name);
  if (values.empty()) return {otherwise, otherwise};
  if (values.size() != window_axes(in))
    in.unsupported(fmt::format("{} has {} values, expected {}", name, values.size(), window_axes(in)));
  for (const std::int64_t value : values)
    if (value < 1 || value > 1 << 20) in.unsupported(fmt::format("{} is {}", name, value));
  return {values.size() == 1 ? 1 : static_cast<int>(values[0]), static_cast<int>(values.back())};
}

void require_image(const Importer& in, int i) {
  if (in.rank(i) != 4) in.unsupported(fmt::format("input has shape {}, expected n×c×h×w", in.shape(i).str()));
}

std::array<int, 4> pads_of(const Importer& in, const std::array<int, 2>& kernel, const std::array<int, 2>& strides,
                           const std::array<int, 2>& dilations) {
  const std::string mode = in.text("auto_pad", "NOTSET");
  std::array<int, 4> pads = {0, 0, 0, 0};
  if (mode == "VALID") return pads;
  if (mode == "SAME_UPPER" || mode == "SAME_LOWER") {
    for (std::size_t axis = 2 - window_axes(in); axis < 2; ++axis) {
      const std::int64_t size = in.shape(0)[in.rank(0) - 2 + static_cast<int>(axis)];
      const std::int64_t out = (size + strides[axis] - 1) / strides[axis];
      const std::int64_t reach = std::int64_t{kernel[axis] - 1} * dilations[axis] + 1;
      const auto total = static_cast<int>(std::max<std::int64_t>(0, (out - 1) * strides[axis] + reach - size));
      pads[axis] = mode == "SAME_UPPER" ? total / 2 : total - total / 2;
      pads[axis + 2] = total - pads[axis];
    }
    return pads;
  }
  if (mode != "NOTSET" && !mode.empty()) in.unsupported("auto_pad is " + mode);
  const std::vector<std::int64_t> given = in.integers("pads");
  if (given.empty()) return pads;
  const std::size_t axes = window_axes(in);
  if (given.size() != 2 * axes) in.unsupported(fmt::format("pads has {} values, expected {}", given.size(), 2 * axes));
  for (std::size_t i = 0; i < given.size(); ++i) {
    if (std::abs(given[i]) > 1 << 20) in.unsupported(fmt::format("a pad is {}", given[i]));
    pads[axes == 2 ? i : 2 * i + 1] = static_cast<int>(given[i]);
  }
  return pads;
}

Conv2d window_fields(const Importer& in, int filter) {
  Conv2d op;
  op.strides = pair_of(in, "strides", 1);
  op.dilations = pair_of(in, "dilations", 1);
  op.groups = static_cast<int>(in.integer("group", 1));
  const Shape& shape = in.shape(filter);
  const int height = shape.rank() == 3 ? 1 : static_cast<int>(shape[2]);
  op.pads = pads_of(in, {height, static_cast<int>(shape[shape.rank() - 1])}, op.strides, op.dilations);
  return op;
}

Conv2d conv_fields(const Importer& in, int filter) {
  require_image(in, 0);
  if (in.rank(filter) != 4) in.unsupported(fmt::format("the filter has shape {}", in.shape(filter).str()));
  return window_fields(in, filter);
}

}  // namespace fovea::interop
