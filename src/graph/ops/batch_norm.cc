#include "graph/ops/batch_norm.h"

#include <array>
#include <cmath>

#include "graph/ops/rules.h"
#include "graph/ops/strided.h"

namespace fovea {

std::vector<ValueType> infer_types(const BatchNorm&, std::span<const OperandType> inputs) {
  constexpr std::array<std::string_view, 5> kNames = {"input", "scale", "bias", "mean", "variance"};
  expect_inputs("batch_norm", inputs, 5, 5);
  const ValueType& x = inputs[0].type;
  expect_real("batch_norm", "input", x);
  expect(x.shape.rank() >= 2, "batch_norm", "input is {}, expected rank 2 or more", x.shape.str());
  for (std::size_t i = 1; i < inputs.size(); ++i) {
    expect_real("batch_norm", kNames[i], inputs[i].type, 1);
    expect(inputs[i].type.shape[0] == x.shape[1], "batch_norm", "{} has {} elements, input has {} channels", kNames[i],
           inputs[i].type.shape[0], x.shape[1]);
  }
  return one(x);
}

std::vector<Tensor> compute_reference(const BatchNorm& op, std::span<const Tensor> inputs) {
  const Tensor x = to_f32(inputs[0]);
  std::array<Tensor, 5> per_channel;
  for (std::size_t i = 1; i < 5; ++i) per_channel[i] = to_f32(inputs[i]);
  const auto at = [&](std::size_t input, std::int64_t c) {
    return static_cast<double>(per_channel[input].data<float>()[static_cast<std::size_t>(c)]);
  };
  Tensor y(DType::kF32, x.shape());
  const AxisView view = axis_view(x.shape(), 1);
  std::size_t i = 0;
  for (std::int64_t n = 0; n < view.outer; ++n)
    for (std::int64_t c = 0; c < view.size; ++c) {
      const double factor = at(1, c) / std::sqrt(at(4, c) + static_cast<double>(op.epsilon));
      for (std::int64_t j = 0; j < view.inner; ++j, ++i)
        y.data<float>()[i] =
            static_cast<float>((static_cast<double>(x.data<float>()[i]) - at(3, c)) * factor + at(2, c));
    }
  return {y};
}

}  // namespace fovea
