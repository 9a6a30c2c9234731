#include "graph/ops/reduce.h"

#include <algorithm>
#include <limits>

#include "graph/ops/rules.h"
#include "graph/ops/strided.h"
#include "tensor/dispatch.h"

namespace fovea {
namespace {

/// Per axis of x: is it reduced?
std::vector<bool> reduced_axes(const Reduce& op, int rank) {
  std::vector<bool> reduced(static_cast<std::size_t>(rank), op.axes.empty());
  for (const std::int64_t axis : op.axes) reduced[static_cast<std::size_t>(axis)] = true;
  return reduced;
}

Shape result_shape(const Reduce& op, const Shape& x) {
  const std::vector<bool> reduced = reduced_axes(op, x.rank());
  std::vector<std::int64_t> dims;
  for (int axis = 0; axis < x.rank(); ++axis) {
    if (!reduced[static_cast<std::size_t>(axis)])
      dims.push_back(x[axis]);
    else if (op.keep_dims)
      dims.push_back(1);
  }
  return Shape(std::move(dims));
}

/// x with the reduced axes last: each row of the result's transpose is what makes one element.
Tensor rows_to_reduce(const Reduce& op, const Tensor& x) {
  const std::vector<bool> reduced = reduced_axes(op, x.shape().rank());
  const std::vector<std::int64_t> dense = dense_strides(x.shape());
  std::vector<std::int64_t> dims, strides;
  for (const bool wanted : {false, true})
    for (std::size_t axis = 0; axis < dense.size(); ++axis)
      if (reduced[axis] == wanted) {
        dims.push_back(x.shape()[static_cast<int>(axis)]);
        strides.push_back(dense[axis]);
      }
  return strided_copy(x, Shape(std::move(dims)), 0, strides);
}

float real_result(ReduceKind kind, std::span<const float> values) {
  double sum = 0, most = -std::numeric_limits<double>::infinity();
  for (const float value : values) {
    sum += static_cast<double>(value);
    if (!(static_cast<double>(value) <= most)) most = static_cast<double>(value);  // keeps NaN
  }
  if (kind == ReduceKind::kMax) return static_cast<float>(most);
  return static_cast<float>(kind == ReduceKind::kSum ? sum : sum / static_cast<double>(values.size()));
}

template <typename T>
T integer_result(ReduceKind kind, std::span<const T> values) {
  if (kind == ReduceKind::kMax)
    return values.empty() ? std::numeric_limits<T>::lowest() : *std::ranges::max_element(values);
  std::uint64_t sum = 0;
  for (const T value : values) sum += static_cast<std::uint64_t>(value);
  if (kind == ReduceKind::kSum) return static_cast<T>(sum);
  require(!values.empty(), ErrorKind::kInvalidArgument, "[reduce] mean of no integers");
  if constexpr (std::is_signed_v<T>)
    return static_cast<T>(static_cast<std::int64_t>(sum) / static_cast<std::int64_t>(values.size()));
  else
    return static_cast<T>(sum / values.size());
}

template <typename T, typename Result>
void reduce_rows(const Tensor& rows, Tensor& y, const Result& result) {
  const std::size_t length = y.elements() == 0 ? 0 : static_cast<std::size_t>(rows.elements() / y.elements());
  for (std::size_t i = 0; i < y.data<T>().size(); ++i)
    y.data<T>()[i] = result(rows.data<T>().subspan(i * length, length));
}

}  // namespace

std::vector<ValueType> infer_types(const Reduce& op, std::span<const OperandType> inputs) {
  expect_inputs("reduce", inputs, 1, 1);
  const ValueType& x = inputs[0].type;
  expect_axes("reduce", op.axes, x.shape.rank());
  expect(x.dtype != DType::kBool || op.kind == ReduceKind::kMax, "reduce", "sum or mean of bool, expected numbers");
  return one({x.dtype, result_shape(op, x.shape)});
}

std::vector<Tensor> compute_reference(const Reduce& op, std::span<const Tensor> inputs) {
  const Shape shape = result_shape(op, inputs[0].shape());
  const Tensor rows = rows_to_reduce(op, is_float(inputs[0].dtype()) ? to_f32(inputs[0]) : inputs[0]);
  Tensor y(rows.dtype(), shape);
  if (is_float(rows.dtype()))
    reduce_rows<float>(rows, y, [&](std::span<const float> row) { return real_result(op.kind, row); });
  else if (rows.dtype() == DType::kBool)
    reduce_rows<bool>(rows, y, [](std::span<const bool> row) { return std::ranges::find(row, true) != row.end(); });
  else
    with_integer(rows.dtype(), [&]<typename T>(T) {
      reduce_rows<T>(rows, y, [&](std::span<const T> row) { return integer_result<T>(op.kind, row); });
    });
  return {y};
}

}  // namespace fovea
