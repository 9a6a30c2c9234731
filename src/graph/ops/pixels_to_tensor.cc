#include "graph/ops/pixels_to_tensor.h"

#include <algorithm>

#include "graph/ops/rules.h"

namespace fovea {

std::vector<ValueType> infer_types(const PixelsToTensor& op, std::span<const OperandType> inputs) {
  expect_inputs("pixels_to_tensor", inputs, 1, 1);
  const ValueType& x = inputs[0].type;
  expect(x.dtype == DType::kU8 && x.shape.rank() == 4 && (x.shape[3] == 1 || x.shape[3] == 3), "pixels_to_tensor",
         "input is {} {}, expected u8 [n,h,w,1] or [n,h,w,3]", name(x.dtype), x.shape.str());
  expect_filled("pixels_to_tensor", "input", x);
  expect(std::ranges::find(op.std, 0.0F) == op.std.end(), "pixels_to_tensor", "a standard deviation is 0");
  return one({DType::kF32, {x.shape[0], x.shape[3], x.shape[1], x.shape[2]}});
}

std::vector<Tensor> compute_reference(const PixelsToTensor& op, std::span<const Tensor> inputs) {
  const Shape& in = inputs[0].shape();
  Tensor y(DType::kF32, {in[0], in[3], in[1], in[2]});
  const auto channels = static_cast<std::size_t>(in[3]), plane = static_cast<std::size_t>(in[1] * in[2]);
  for (std::size_t i = 0; i < y.data<float>().size(); ++i) {
    const std::size_t n = i / (channels * plane), c = i / plane % channels, at = i % plane;
    const double pixel = inputs[0].data<std::uint8_t>()[(n * plane + at) * channels + c];
    const double value = (pixel * static_cast<double>(op.scale) - static_cast<double>(op.mean[c]));
    y.data<float>()[i] = static_cast<float>(value / static_cast<double>(op.std[c]));
  }
  return {y};
}

}  // namespace fovea
