#include "graph/ops/resize.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "graph/ops/rules.h"
#include "graph/ops/strided.h"

namespace fovea {
namespace {

constexpr double kMostTaps = 1 << 16;

Shape result_shape(const Resize& op, const Shape& x) {
  std::vector<std::int64_t> dims = x.dims();
  for (std::size_t i = 0; i < dims.size(); ++i) {
    if (!op.sizes.empty())
      dims[i] = op.sizes[i] == 0 ? dims[i] : op.sizes[i];
    else
      dims[i] = static_cast<std::int64_t>(std::floor(static_cast<float>(dims[i]) * op.scales[i]));
  }
  return Shape(std::move(dims));
}

/// One axis: its sizes, scale and part of the region of interest.
struct Axis {
  std::int64_t in = 1, out = 1;
  double scale = 1, start = 0, end = 1;
};

Axis axis_of(const Resize& op, const Shape& x, const Shape& y, int axis) {
  const auto i = static_cast<std::size_t>(axis);
  Axis made{x[axis], y[axis], 1, 0, 1};
  made.scale = !op.scales.empty() ? static_cast<double>(op.scales[i])
                                  : static_cast<double>(y[axis]) / static_cast<double>(x[axis]);
  if (!op.roi.empty()) {
    made.start = static_cast<double>(op.roi[i]);
    made.end = static_cast<double>(op.roi[i + static_cast<std::size_t>(x.rank())]);
  }
  return made;
}

/// The place of output element `at` on the input's axis.
double source(const Resize& op, const Axis& axis, std::int64_t at) {
  const auto in = static_cast<double>(axis.in), x = static_cast<double>(at);
  const double out = axis.scale * in;
  switch (op.place) {
    case ResizePlace::kAlignCorners:
      return out == 1 ? 0 : x * (in - 1) / (out - 1);
    case ResizePlace::kAsymmetric:
      return x / axis.scale;
    case ResizePlace::kCrop: {
      const double span = (axis.end - axis.start) * (in - 1);
      return axis.start * (in - 1) + (out == 1 ? span / 2 : x * span / (out - 1));
    }
    case ResizePlace::kPytorch:
      return out == 1 ? -0.5 : (x + 0.5) / axis.scale - 0.5;
    case ResizePlace::kHalfPixelSymmetric:
      return in / 2 * (1 - static_cast<double>(axis.out) / out) + (x + 0.5) / axis.scale - 0.5;
    case ResizePlace::kHalfPixel:
      break;
  }
  return (x + 0.5) / axis.scale - 0.5;
}

double cubic(double x, double a) {
  x = std::abs(x);
  if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}

double nearest(ResizeRounding rounding, bool upper, double ratio) {
  bool up = ratio > 0.5;  // what is on the grid has ratio 1
  if (rounding == ResizeRounding::kPreferCeil) up = ratio >= 0.5;
  if (rounding == ResizeRounding::kFloor) up = ratio == 1;
  if (rounding == ResizeRounding::kCeil) up = true;
  return up == upper ? 1 : 0;
}

/// Weights of neighbouring input elements; `first` may be below 0. No weights: the place lies outside.
struct Taps {
  std::int64_t first = 0;
  std::vector<double> weights;
};

Taps taps_at(const Resize& op, const Axis& axis, std::int64_t at) {
  const double x = source(op, axis, at);
  if (op.place == ResizePlace::kCrop && (x < 0 || x > static_cast<double>(axis.in - 1))) return {};
  const double shrink = op.antialias ? std::min(axis.scale, 1.0) : 1;
  const double radius = op.mode == ResizeKind::kCubic ? 2 : 1;
  const auto half =
      op.mode == ResizeKind::kNearest ? std::int64_t{1} : static_cast<std::int64_t>(-std::floor(-radius / shrink));
  const auto base = static_cast<std::int64_t>(std::ceil(x)) - 1;
  const double ratio = x - static_cast<double>(base);
  Taps taps{base + 1 - half, {}};
  for (std::int64_t k = 1 - half; k <= half; ++k) {
    const double off = (static_cast<double>(k) - ratio) * shrink;
    double weight = op.mode == ResizeKind::kCubic ? cubic(off, static_cast<double>(op.cubic_a))
                                                  : std::clamp(1 - std::abs(off), 0.0, 1.0);
    if (op.mode == ResizeKind::kNearest) weight = nearest(op.rounding, k == 1, ratio);
    if (op.exclude_outside && (base + k < 0 || base + k >= axis.in)) weight = 0;
    taps.weights.push_back(weight);
  }
  const double sum = std::accumulate(taps.weights.begin(), taps.weights.end(), 0.0);
  if (op.antialias || op.exclude_outside)
    for (double& weight : taps.weights) weight /= sum;
  return taps;
}

Tensor resized_along(const Resize& op, const Tensor& x, int axis, const Axis& extent) {
  const AxisView view = axis_view(x.shape(), axis);
  std::vector<std::int64_t> dims = x.shape().dims();
  dims[static_cast<std::size_t>(axis)] = extent.out;
  Tensor y(DType::kF32, Shape(std::move(dims)));
  const auto inner = static_cast<std::size_t>(view.inner), in = static_cast<std::size_t>(view.size),
             out = static_cast<std::size_t>(extent.out);
  std::vector<double> sums(inner);
  for (std::size_t at = 0; at < out; ++at) {
    const Taps taps = taps_at(op, extent, static_cast<std::int64_t>(at));
    for (std::size_t o = 0; o < static_cast<std::size_t>(view.outer); ++o) {
      std::ranges::fill(sums, taps.weights.empty() ? static_cast<double>(op.outside) : 0.0);
      for (std::size_t k = 0; k < taps.weights.size(); ++k) {
        if (taps.weights[k] == 0) continue;
        const std::int64_t from = std::clamp<std::int64_t>(taps.first + static_cast<std::int64_t>(k), 0, extent.in - 1);
        const float* row = x.data<float>().data() + (o * in + static_cast<std::size_t>(from)) * inner;
        for (std::size_t i = 0; i < inner; ++i) sums[i] += taps.weights[k] * static_cast<double>(row[i]);
      }
      std::ranges::transform(sums, y.data<float>().begin() + static_cast<std::ptrdiff_t>((o * out + at) * inner),
                             [](double sum) { return static_cast<float>(sum); });
    }
  }
  return y;
}

bool unchanged(const Resize& op, const Axis& axis) {
  return axis.in == axis.out && axis.scale == 1 && op.place != ResizePlace::kCrop;
}

}  // namespace

std::vector<ValueType> infer_types(const Resize& op, std::span<const OperandType> inputs) {
  expect_inputs("resize", inputs, 1, 1);
  expect_real("resize", "input", inputs[0].type);
  expect_filled("resize", "input", inputs[0].type);
  const Shape& x = inputs[0].type.shape;
  const auto rank = static_cast<std::size_t>(x.rank());
  expect(!op.sizes.empty() || !op.scales.empty(), "resize", "neither sizes nor scales are given");
  expect(op.sizes.empty() || op.sizes.size() == rank, "resize", "{} sizes for {}", op.sizes.size(), x.str());
  expect(op.scales.empty() || op.scales.size() == rank, "resize", "{} scales for {}", op.scales.size(), x.str());
  expect(op.roi.empty() || op.roi.size() == 2 * rank, "resize", "{} bounds of a region of {}", op.roi.size(), x.str());
  for (const float scale : op.scales)
    expect(scale > 0 && 1 / static_cast<double>(scale) < kMostTaps && static_cast<double>(scale) < kMostTaps, "resize",
           "scale {}", scale);
  for (const std::int64_t size : op.sizes) expect(size >= 0 && size < std::int64_t{1} << 32, "resize", "size {}", size);
  for (const float bound : op.roi) expect(std::abs(bound) < 1e6F, "resize", "bound {} of the region", bound);
  const Shape y = result_shape(op, x);
  expect_filled("resize", "output", {DType::kF32, y});
  for (int axis = 0; axis < x.rank(); ++axis)
    expect(static_cast<double>(x[axis]) < kMostTaps * static_cast<double>(y[axis]), "resize", "{} to {}", x.str(),
           y.str());
  return one({DType::kF32, y});
}

std::vector<Tensor> compute_reference(const Resize& op, std::span<const Tensor> inputs) {
  Tensor x = to_f32(inputs[0]);
  const Shape from = x.shape(), to = result_shape(op, from);
  for (int axis = 0; axis < from.rank(); ++axis) {
    const Axis extent = axis_of(op, from, to, axis);
    if (!unchanged(op, extent)) x = resized_along(op, x, axis, extent);
  }
  return {x};
}

Tensor resize_weights(const Resize& op, const Shape& x, int axis) {
  require(op.place != ResizePlace::kCrop, ErrorKind::kUnsupported, "[resize] a cropping one has no plain weights");
  const Axis extent = axis_of(op, x, result_shape(op, x), axis);
  if (unchanged(op, extent)) return {};
  Tensor weights = Tensor::zeros(DType::kF32, {extent.out, extent.in});
  for (std::int64_t at = 0; at < extent.out; ++at) {
    const Taps taps = taps_at(op, extent, at);
    for (std::size_t k = 0; k < taps.weights.size(); ++k) {
      const std::int64_t from = std::clamp<std::int64_t>(taps.first + static_cast<std::int64_t>(k), 0, extent.in - 1);
      weights.data<float>()[static_cast<std::size_t>(at * extent.in + from)] += static_cast<float>(taps.weights[k]);
    }
  }
  return weights;
}

}  // namespace fovea
