#include "tensor/shape.h"

#include <algorithm>

#include <fmt/ranges.h>

#include "base/error.h"

namespace fovea {

std::int64_t Shape::elements() const {
  constexpr std::int64_t kMost = std::int64_t{1} << 40;
  std::int64_t product = 1;
  bool zero = false;
  for (const std::int64_t dim : dims_) {
    if (dim < 0) fail(ErrorKind::kInvalidArgument, "shape {} has a negative dimension", str());
    zero |= dim == 0;
    if (dim > kMost / std::max<std::int64_t>(product, 1))
      fail(ErrorKind::kInvalidArgument, "shape {} has too many elements (limit 2^40)", str());
    product *= std::max<std::int64_t>(dim, 1);
  }
  return zero ? 0 : product;
}

std::string Shape::str() const { return dims_.empty() ? "scalar" : fmt::format("{}", fmt::join(dims_, "x")); }

Shape broadcast(const Shape& a, const Shape& b) {
  std::vector<std::int64_t> dims(static_cast<std::size_t>(std::max(a.rank(), b.rank())));
  for (int i = 1; i <= static_cast<int>(dims.size()); ++i) {
    const std::int64_t da = i <= a.rank() ? a[a.rank() - i] : 1;
    const std::int64_t db = i <= b.rank() ? b[b.rank() - i] : 1;
    require(da == db || da == 1 || db == 1, ErrorKind::kInvalidArgument, "shapes {} and {} do not broadcast", a.str(),
            b.str());
    dims[dims.size() - static_cast<std::size_t>(i)] = da == 1 ? db : da;
  }
  return Shape(std::move(dims));
}

int normal_axis(std::int64_t axis, int rank) {
  require(axis >= -rank && axis < rank, ErrorKind::kInvalidArgument, "axis {} is outside a tensor of rank {}", axis,
          rank);
  return static_cast<int>(axis < 0 ? axis + rank : axis);
}

}  // namespace fovea
