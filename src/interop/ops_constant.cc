// Ops that exist for shape arithmetic: known when the model is read, or not there.
#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "base/error.h"
#include "interop/importer.h"
#include "interop/tensor_proto.h"

namespace fovea::interop {
namespace {

constexpr std::int64_t kMostElements = 1 << 20;

const Tensor& known(Importer& in, int i) {
  const Tensor* found = in.constant(i);
  if (found == nullptr) in.unsupported("runs on values that are known at run time only");
  return *found;
}

void constant(Importer& in) {
  if (in.attribute("value") != nullptr) return in.emit_constant(in.tensor("value"));
  if (const auto* found = in.attribute("value_float")) return in.emit_constant(Tensor::scalar(found->f()));
  if (const auto* found = in.attribute("value_int"))
    return in.emit_constant(Tensor::of<std::int64_t>({}, {found->i()}));
  if (const auto* found = in.attribute("value_floats"))
    return in.emit_constant(
        Tensor::of<float>({found->floats_size()}, {found->floats().begin(), found->floats().end()}));
  if (const auto* found = in.attribute("value_ints"))
    return in.emit_constant(
        Tensor::of<std::int64_t>({found->ints_size()}, {found->ints().begin(), found->ints().end()}));
  in.unsupported("a constant that is neither tensor, float nor integer");
}

void shape(Importer& in) {
  const std::vector<std::int64_t>& dims = in.shape(0).dims();
  const auto rank = static_cast<std::int64_t>(dims.size());
  const auto bound = [&](std::int64_t at) { return std::clamp<std::int64_t>(at < 0 ? at + rank : at, 0, rank); };
  const std::int64_t start = bound(in.integer("start", 0));
  const std::int64_t end = std::max(start, bound(in.integer("end", rank)));
  const std::vector<std::int64_t> part(dims.begin() + start, dims.begin() + end);
  in.emit_constant(Tensor::of<std::int64_t>({static_cast<std::int64_t>(part.size())}, part));
}

void size(Importer& in) { in.emit_constant(Tensor::of<std::int64_t>({}, {in.shape(0).elements()})); }

/// Copies `count` blocks of `block` bytes chosen by `pick`.
template <typename Pick>
Tensor gather_blocks(const Tensor& from, Shape shape, std::size_t block, const Pick& pick) {
  Tensor made(from.dtype(), std::move(shape));
  const std::size_t count = block == 0 ? 0 : made.byte_size() / block;
  for (std::size_t i = 0; i < count; ++i)
    std::ranges::copy(from.bytes().subspan(pick(i) * block, block), made.bytes().subspan(i * block, block).begin());
  return made;
}

}  // namespace

void gather_constants(Importer& in) {
  const Tensor& data = known(in, 0);
  const Tensor indices = to_s64(known(in, 1));
  const int axis = normal_axis(in.integer("axis", 0), data.shape().rank());
  const std::int64_t size = data.shape()[axis];
  std::vector<std::int64_t> dims;
  std::size_t outer = 1;
  std::size_t block = size_of(data.dtype());
  for (int i = 0; i < data.shape().rank(); ++i) {
    if (i < axis) outer *= static_cast<std::size_t>(data.shape()[i]);
    if (i > axis) block *= static_cast<std::size_t>(data.shape()[i]);
    if (i == axis)
      dims.insert(dims.end(), indices.shape().begin(), indices.shape().end());
    else
      dims.push_back(data.shape()[i]);
  }
  std::vector<std::size_t> picks;
  for (const std::int64_t index : indices.data<std::int64_t>()) {
    require(index >= -size && index < size, ErrorKind::kInvalidArgument, "index {} is outside a dimension of {}", index,
            size);
    picks.push_back(static_cast<std::size_t>(index < 0 ? index + size : index));
  }
  const std::size_t many = picks.size();
  in.emit_constant(gather_blocks(data, Shape(dims), block, [&](std::size_t i) {
    return i / many % outer * static_cast<std::size_t>(size) + picks[i % many];
  }));
}

namespace {

void constant_of_shape(Importer& in) {
  const Shape shape(in.integers(0, "the shape"));
  require(shape.elements() <= in.max_filled(), ErrorKind::kInvalidArgument, "shape {} is too large", shape.str());
  const Tensor value = in.attribute("value") != nullptr ? in.tensor("value") : Tensor::scalar(0);
  require(value.elements() == 1, ErrorKind::kInvalidArgument, "the value has shape {}", value.shape().str());
  in.emit_constant(gather_blocks(value, shape, size_of(value.dtype()), [](std::size_t) { return 0; }));
}

/// For integers, as shape arithmetic uses it; floats likewise.
void range(Importer& in) {
  const Tensor& start = known(in, 0);
  if (is_float(start.dtype())) {
    const float first = in.number(0, "start");
    const float step = in.number(2, "delta");
    const float count = std::ceil((in.number(1, "limit") - first) / step);
    require(count <= static_cast<float>(kMostElements), ErrorKind::kInvalidArgument, "{} elements", count);
    std::vector<float> values(static_cast<std::size_t>(std::max(0.0F, count)));
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = first + static_cast<float>(i) * step;
    return in.emit_constant(Tensor::of<float>({static_cast<std::int64_t>(values.size())}, values));
  }
  const std::int64_t first = in.integers(0, "start").at(0);
  const std::int64_t limit = in.integers(1, "limit").at(0);
  const std::int64_t step = in.integers(2, "delta").at(0);
  require(step != 0 && std::abs(limit / step - first / step) <= kMostElements, ErrorKind::kInvalidArgument,
          "range from {} to {} by {}", first, limit, step);
  std::vector<std::int64_t> values;
  for (std::int64_t v = first; step > 0 ? v < limit : v > limit; v += step) values.push_back(v);
  in.emit_constant(Tensor::of<std::int64_t>({static_cast<std::int64_t>(values.size())}, values));
}

/// Index of the element of `from` that stands at row-major place `i` of the broadcast `to`.
std::size_t source_index(const Shape& from, const Shape& to, std::size_t i) {
  std::size_t index = 0;
  std::size_t stride = 1;
  for (int back = 1; back <= to.rank(); ++back) {
    const auto dim = static_cast<std::size_t>(to[to.rank() - back]);
    const std::size_t at = i % dim;
    i /= dim;
    if (back > from.rank()) continue;
    const auto own = static_cast<std::size_t>(from[from.rank() - back]);
    index += (own == 1 ? 0 : at) * stride;
    stride *= own;
  }
  return index;
}

Tensor expanded(const Tensor& from, const Shape& to) {
  require(to.elements() <= kMostElements, ErrorKind::kInvalidArgument, "shape {} is too large", to.str());
  return gather_blocks(from, to, size_of(from.dtype()),
                       [&](std::size_t i) { return source_index(from.shape(), to, i); });
}

}  // namespace

void expand_constant(Importer& in) {
  const Shape to = broadcast(in.shape(0), Shape(in.integers(1, "the shape")));
  in.emit_constant(expanded(known(in, 0), to));
}

namespace {

void where(Importer& in) {
  const Tensor& condition = known(in, 0);
  const Tensor& yes = known(in, 1);
  const Tensor& no = known(in, 2);
  require(yes.dtype() == no.dtype(), ErrorKind::kInvalidArgument, "branches have types {} and {}", name(yes.dtype()),
          name(no.dtype()));
  const Shape to = broadcast(broadcast(condition.shape(), yes.shape()), no.shape());
  const Tensor choose = to_f32(expanded(condition, to));
  Tensor made = expanded(yes, to).clone();
  const Tensor other = expanded(no, to);
  const std::size_t block = size_of(yes.dtype());
  for (std::size_t i = 0; i < static_cast<std::size_t>(made.elements()); ++i)
    if (choose.data<float>()[i] == 0)
      std::ranges::copy(other.bytes().subspan(i * block, block), made.bytes().subspan(i * block, block).begin());
  in.emit_constant(made);
}

template <typename Compare>
void compare(Importer& in, const Compare& compare_values) {
  const Shape to = broadcast(known(in, 0).shape(), known(in, 1).shape());
  const Tensor a = to_f32(expanded(known(in, 0), to));
  const Tensor b = to_f32(expanded(known(in, 1), to));
  Tensor made(DType::kBool, to);
  std::ranges::transform(a.data<float>(), b.data<float>(), made.data<bool>().begin(), compare_values);
  in.emit_constant(made);
}
void equal(Importer& in) {
  compare(in, [](float a, float b) { return a == b; });
}
void less(Importer& in) {
  compare(in, [](float a, float b) { return a < b; });
}
void greater(Importer& in) {
  compare(in, [](float a, float b) { return a > b; });
}

void less_or_equal(Importer& in) {
  compare(in, [](float a, float b) { return a <= b; });
}
void greater_or_equal(Importer& in) {
  compare(in, [](float a, float b) { return a >= b; });
}
void both(Importer& in) {
  compare(in, [](float a, float b) { return a != 0 && b != 0; });
}
void either(Importer& in) {
  compare(in, [](float a, float b) { return a != 0 || b != 0; });
}

void opposite(Importer& in) {
  const Tensor given = to_f32(known(in, 0));
  Tensor made(DType::kBool, given.shape());
  std::ranges::transform(given.data<float>(), made.data<bool>().begin(), [](float value) { return value == 0; });
  in.emit_constant(made);
}

constexpr HandlerRow kHandlers[] = {
    {"Constant", constant},
    {"Shape", shape},
    {"Size", size},
    {"ConstantOfShape", constant_of_shape},
    {"Range", range},
    {"Where", where},
    {"Equal", equal},
    {"Less", less},
    {"Greater", greater},
    {"LessOrEqual", less_or_equal},
    {"GreaterOrEqual", greater_or_equal},
    {"And", both},
    {"Or", either},
    {"Not", opposite},
};

}  // namespace

std::span<const HandlerRow> constant_handlers() { return kHandlers; }

}  // namespace fovea::interop
