#include "graph/ops/strided.h"

#include <cstring>

namespace fovea {

std::vector<std::int64_t> dense_strides(const Shape& shape) {
  std::vector<std::int64_t> strides(static_cast<std::size_t>(shape.rank()));
  std::int64_t step = 1;
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    strides[static_cast<std::size_t>(axis)] = step;
    step *= shape[axis];
  }
  return strides;
}

Tensor strided_copy(const Tensor& x, const Shape& shape, std::int64_t offset,
                    const std::vector<std::int64_t>& strides) {
  Tensor made(x.dtype(), shape);
  if (made.elements() == 0) return made;
  const std::size_t element = size_of(x.dtype());
  const std::byte* from = x.bytes().data();
  std::byte* to = made.bytes().data();
  std::vector<std::int64_t> index(strides.size(), 0);
  for (std::int64_t count = made.elements(); count > 0; --count, to += element) {
    std::memcpy(to, from + offset * static_cast<std::int64_t>(element), element);
    for (std::size_t axis = strides.size(); axis-- > 0;) {  // the next index, like an odometer
      offset += strides[axis];
      if (++index[axis] < shape[static_cast<int>(axis)]) break;
      offset -= index[axis] * strides[axis];
      index[axis] = 0;
    }
  }
  return made;
}

Tensor broadcast_to(const Tensor& x, const Shape& shape) {
  if (x.shape() == shape) return x;
  const std::vector<std::int64_t> dense = dense_strides(x.shape());
  std::vector<std::int64_t> strides(static_cast<std::size_t>(shape.rank()), 0);
  const std::size_t lead = strides.size() - dense.size();
  for (std::size_t axis = 0; axis < dense.size(); ++axis)
    if (x.shape()[static_cast<int>(axis)] != 1) strides[lead + axis] = dense[axis];
  return strided_copy(x, shape, 0, strides);
}

AxisView axis_view(const Shape& shape, int axis) {
  AxisView view;
  for (int i = 0; i < shape.rank(); ++i) (i < axis ? view.outer : i == axis ? view.size : view.inner) *= shape[i];
  return view;
}

}  // namespace fovea
