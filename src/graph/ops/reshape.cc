#include "graph/ops/reshape.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "graph/ops/rules.h"

namespace fovea {
namespace {

Shape target(const Reshape& op, const Shape& x) {
  std::vector<std::int64_t> dims = op.dims;
  std::int64_t open = -1;
  for (std::size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] == 0) {
      expect(static_cast<int>(i) < x.rank(), "reshape", "dimension {} is copied from an input of rank {}", i, x.rank());
      dims[i] = x[static_cast<int>(i)];
    } else if (dims[i] == -1) {
      expect(open < 0, "reshape", "two dimensions of {} are left open", fmt::join(op.dims, "x"));
      open = static_cast<std::int64_t>(i);
    } else {
      expect(dims[i] > 0, "reshape", "dimension {} of {} is negative", i, fmt::join(op.dims, "x"));
    }
  }
  if (open >= 0) {
    std::int64_t& rest = dims[static_cast<std::size_t>(open)];
    rest = 1;
    const std::int64_t others = Shape(dims).elements();
    expect(others > 0 && x.elements() % others == 0, "reshape", "{} does not divide into {}", x.str(),
           fmt::join(op.dims, "x"));
    rest = x.elements() / others;
  }
  Shape made(std::move(dims));
  expect(made.elements() == x.elements(), "reshape", "{} has {} elements, {} has {}", x.str(), x.elements(), made.str(),
         made.elements());
  return made;
}

}  // namespace

std::vector<ValueType> infer_types(const Reshape& op, std::span<const OperandType> inputs) {
  expect_inputs("reshape", inputs, 1, 1);
  return one({inputs[0].type.dtype, target(op, inputs[0].type.shape)});
}

std::vector<Tensor> compute_reference(const Reshape& op, std::span<const Tensor> inputs) {
  return {inputs[0].reshaped(target(op, inputs[0].shape()))};
}

}  // namespace fovea
