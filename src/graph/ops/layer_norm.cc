#include "graph/ops/layer_norm.h"

#include <cmath>

#include "graph/ops/rules.h"

namespace fovea {
namespace {

struct Extent {
  std::size_t outer = 1, size = 1, inner = 1;
};

Extent extent_of(const LayerNorm& op, const Shape& x) {
  Extent made;
  for (int axis = 0; axis < x.rank(); ++axis) {
    const auto dim = static_cast<std::size_t>(x[axis]);
    if (axis < op.axes.front())
      made.outer *= dim;
    else if (axis > op.axes.back())
      made.inner *= dim;
    else
      made.size *= dim;
  }
  return made;
}

Shape parameter_shape(const LayerNorm& op, const Shape& x) {
  std::vector<std::int64_t> dims;
  for (const std::int64_t axis : op.axes) dims.push_back(x[static_cast<int>(axis)]);
  return Shape(std::move(dims));
}

}  // namespace

std::vector<ValueType> infer_types(const LayerNorm& op, std::span<const OperandType> inputs) {
  expect_inputs("layer_norm", inputs, 1, 3);
  expect_real("layer_norm", "input", inputs[0].type);
  const Shape& x = inputs[0].type.shape;
  expect(!op.axes.empty(), "layer_norm", "no axes, expected at least one");
  expect_axes("layer_norm", op.axes, x.rank());
  for (std::size_t i = 1; i < op.axes.size(); ++i)
    expect(op.axes[i] == op.axes[i - 1] + 1, "layer_norm", "axes {} and {} are no neighbours", op.axes[i - 1],
           op.axes[i]);
  expect_filled("layer_norm", "input", inputs[0].type);
  for (std::size_t i = 1; i < inputs.size(); ++i) {
    if (!inputs[i].present) continue;
    expect_real("layer_norm", i == 1 ? "scale" : "bias", inputs[i].type);
    const Shape wanted = parameter_shape(op, x);
    expect(inputs[i].type.shape == wanted, "layer_norm", "{} is {}, expected {}", i == 1 ? "scale" : "bias",
           inputs[i].type.shape.str(), wanted.str());
  }
  return one(inputs[0].type);
}

std::vector<Tensor> compute_reference(const LayerNorm& op, std::span<const Tensor> inputs) {
  const Tensor x = to_f32(inputs[0]);
  const Extent e = extent_of(op, x.shape());
  const auto parameter = [&](std::size_t i) { return i < inputs.size() ? inputs[i] : Tensor(); };
  const Tensor scale = parameter(1).empty() ? Tensor() : to_f32(parameter(1));
  const Tensor bias = parameter(2).empty() ? Tensor() : to_f32(parameter(2));
  Tensor y(DType::kF32, x.shape());
  for (std::size_t o = 0; o < e.outer; ++o)
    for (std::size_t i = 0; i < e.inner; ++i) {
      const auto at = [&](std::size_t k) { return (o * e.size + k) * e.inner + i; };
      double mean = 0, variance = 0;
      for (std::size_t k = 0; k < e.size; ++k) mean += static_cast<double>(x.data<float>()[at(k)]);
      mean /= static_cast<double>(e.size);
      for (std::size_t k = 0; k < e.size; ++k) {
        const double off = static_cast<double>(x.data<float>()[at(k)]) - mean;
        variance += off * off;
      }
      const double factor = 1 / std::sqrt(variance / static_cast<double>(e.size) + static_cast<double>(op.epsilon));
      for (std::size_t k = 0; k < e.size; ++k) {
        double value = (static_cast<double>(x.data<float>()[at(k)]) - mean) * factor;
        if (!scale.empty()) value *= static_cast<double>(scale.data<float>()[k]);
        if (!bias.empty()) value += static_cast<double>(bias.data<float>()[k]);
        y.data<float>()[at(k)] = static_cast<float>(value);
      }
    }
  return {y};
}

}  // namespace fovea
