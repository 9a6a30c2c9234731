#include "graph/ops/conv2d.h"

#include <algorithm>

#include "graph/ops/rules.h"
#include "graph/ops/window.h"

namespace fovea {
namespace {

void check_channels(const Conv2d& op, const Shape& x, const Shape& w) {
  expect(op.groups > 0, "conv2d", "groups is {}, expected at least 1", op.groups);
  expect(op.groups <= w[0] && w[0] % op.groups == 0, "conv2d", "{} filters do not divide into {} groups", w[0],
         op.groups);
  if (op.groups == 1)
    expect(w[1] == x[1], "conv2d", "weight has {} input channels, input has {}", w[1], x[1]);
  else
    expect(x[1] % op.groups == 0 && w[1] == x[1] / op.groups, "conv2d",
           "weight has {} input channels in each of {} groups, input has {}", w[1], op.groups, x[1]);
}

/// [first, last) of the output positions whose tap `offset` (position · stride + offset) falls inside [0, size).
struct Range {
  std::int64_t first, last;
};
Range inside(std::int64_t offset, std::int64_t stride, std::int64_t size, std::int64_t positions) {
  const std::int64_t first = offset >= 0 ? 0 : (-offset + stride - 1) / stride;
  const std::int64_t last = offset >= size ? 0 : (size - 1 - offset) / stride + 1;
  return {first, std::min(last, positions)};
}

/// sum += weight · x over one output plane, for one tap of the filter.
void add_tap(const Conv2d& op, const Shape& in, const Shape& out, const float* plane, float weight, std::int64_t dy,
             std::int64_t dx, double* sum) {
  const std::int64_t stride = op.strides[1];
  const Range rows = inside(dy, op.strides[0], in[2], out[2]);
  const Range columns = inside(dx, stride, in[3], out[3]);
  const double factor = static_cast<double>(weight);
  for (std::int64_t y = rows.first; y < rows.last; ++y) {
    const float* row = plane + (y * op.strides[0] + dy) * in[3];
    double* to = sum + y * out[3];
    for (std::int64_t x = columns.first; x < columns.last; ++x)
      to[x] += factor * static_cast<double>(row[x * stride + dx]);
  }
}

}  // namespace

std::vector<ValueType> infer_types(const Conv2d& op, std::span<const OperandType> inputs) {
  expect_inputs("conv2d", inputs, 2, op.residual ? 4 : 3);
  for (const std::size_t i : {0U, 1U}) {
    expect_real("conv2d", i == 0 ? "input" : "weight", inputs[i].type, 4);
    expect_filled("conv2d", i == 0 ? "input" : "weight", inputs[i].type);
  }
  const Shape &x = inputs[0].type.shape, &w = inputs[1].type.shape;
  check_channels(op, x, w);
  const ValueType y = {
      inputs[0].type.dtype,
      {x[0], w[0], window_of(op, w[2], 0).places("conv2d", x[2]), window_of(op, w[3], 1).places("conv2d", x[3])}};
  if (inputs.size() > 2 && inputs[2].present) {
    expect_real("conv2d", "bias", inputs[2].type, 1);
    expect(inputs[2].type.shape[0] == w[0], "conv2d", "bias has {} elements, weight has {} filters",
           inputs[2].type.shape[0], w[0]);
  }
  if (op.residual) {
    expect(inputs.size() == 4 && inputs[3].present, "conv2d", "residual is left out");
    expect_real("conv2d", "residual", inputs[3].type);
    expect(inputs[3].type.shape == y.shape, "conv2d", "residual is {}, output is {}", inputs[3].type.shape.str(),
           y.shape.str());
  }
  return one(y);
}

std::vector<Tensor> compute_reference(const Conv2d& op, std::span<const Tensor> inputs) {
  const Tensor x = to_f32(inputs[0]), w = to_f32(inputs[1]);
  const Tensor bias = inputs.size() > 2 && !inputs[2].empty() ? to_f32(inputs[2]) : Tensor();
  const Tensor residual = op.residual ? to_f32(inputs[3]) : Tensor();
  const Shape &in = x.shape(), &filter = w.shape();
  const Shape out = {in[0], filter[0], window_of(op, filter[2], 0).places("conv2d", in[2]),
                     window_of(op, filter[3], 1).places("conv2d", in[3])};
  Tensor y(DType::kF32, out);
  const std::int64_t in_plane = in[2] * in[3], out_plane = out[2] * out[3], per_group = filter[0] / op.groups;
  std::vector<double> sum(static_cast<std::size_t>(out_plane));
  for (std::int64_t n = 0; n < out[0]; ++n)
    for (std::int64_t k = 0; k < out[1]; ++k) {
      std::ranges::fill(sum, bias.empty() ? 0.0 : static_cast<double>(bias.data<float>()[static_cast<std::size_t>(k)]));
      const float* weight = w.data<float>().data() + k * filter[1] * filter[2] * filter[3];
      for (std::int64_t c = 0; c < filter[1]; ++c) {
        const float* plane = x.data<float>().data() + (n * in[1] + k / per_group * filter[1] + c) * in_plane;
        for (std::int64_t r = 0; r < filter[2]; ++r)
          for (std::int64_t s = 0; s < filter[3]; ++s)
            add_tap(op, in, out, plane, *weight++, r * op.dilations[0] - op.pads[0], s * op.dilations[1] - op.pads[1],
                    sum.data());
      }
      const std::size_t start = static_cast<std::size_t>((n * out[1] + k) * out_plane);
      for (std::size_t i = 0; i < sum.size(); ++i) {
        const double added = residual.empty() ? 0.0 : static_cast<double>(residual.data<float>()[start + i]);
        y.data<float>()[start + i] = apply(op.act, static_cast<float>(sum[i] + added));
      }
    }
  return {y};
}

}  // namespace fovea
