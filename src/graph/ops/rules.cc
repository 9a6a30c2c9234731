#include "graph/ops/rules.h"

#include <algorithm>

namespace fovea {

void expect_inputs(std::string_view op, std::span<const OperandType> inputs, std::size_t least, std::size_t most) {
  if (least == most)
    expect(inputs.size() == least, op, "has {} inputs, expected {}", inputs.size(), least);
  else
    expect(inputs.size() >= least && inputs.size() <= most, op, "has {} inputs, expected {} to {}", inputs.size(),
           least, most);
  for (std::size_t i = 0; i < least; ++i) expect(inputs[i].present, op, "input {} is left out", i);
}

void expect_real(std::string_view op, std::string_view what, const ValueType& type, int rank) {
  expect(is_float(type.dtype), op, "{} is {}, expected real numbers", what, name(type.dtype));
  expect(rank < 0 || type.shape.rank() == rank, op, "{} is {}, expected rank {}", what, type.shape.str(), rank);
}

void expect_filled(std::string_view op, std::string_view what, const ValueType& type) {
  expect(std::ranges::all_of(type.shape, [](std::int64_t dim) { return dim > 0; }), op,
         "{} is {}, expected no empty dimension", what, type.shape.str());
}

void expect_axis(std::string_view op, std::int64_t axis, int rank) {
  expect(axis >= 0 && axis < rank, op, "axis {} is outside an input of rank {}", axis, rank);
}

void expect_axes(std::string_view op, std::span<const std::int64_t> axes, int rank) {
  std::vector<bool> seen(static_cast<std::size_t>(rank), false);
  for (const std::int64_t axis : axes) {
    expect_axis(op, axis, rank);
    expect(!seen[static_cast<std::size_t>(axis)], op, "axis {} is named twice", axis);
    seen[static_cast<std::size_t>(axis)] = true;
  }
}

}  // namespace fovea
