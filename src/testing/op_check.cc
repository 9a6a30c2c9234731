#include "testing/op_check.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace fovea {

std::vector<Tensor> run_op_all(const Op& op, const std::vector<Tensor>& inputs) {
  std::vector<OperandType> operands(inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    operands[i].present = !inputs[i].empty();
    if (operands[i].present) operands[i] = {{inputs[i].dtype(), inputs[i].shape()}, &inputs[i], true};
  }
  const std::vector<ValueType> types = output_types(op, operands);
  std::vector<Tensor> outputs =
      std::visit([&](const auto& type) { return compute_reference(type, std::span<const Tensor>(inputs)); }, op);
  EXPECT_EQ(types.size(), outputs.size());
  for (std::size_t i = 0; i < std::min(types.size(), outputs.size()); ++i) {
    EXPECT_EQ(types[i].shape.str(), outputs[i].shape().str());
    EXPECT_EQ(name(types[i].dtype), name(outputs[i].dtype()));
  }
  return outputs;
}

Tensor run_op(const Op& op, const std::vector<Tensor>& inputs) { return run_op_all(op, inputs).at(0); }

std::string shape_rule(const Op& op, const std::vector<Shape>& inputs) {
  std::vector<OperandType> operands;
  for (const Shape& shape : inputs) operands.push_back({{DType::kF32, shape}, nullptr, true});
  try {
    return output_types(op, operands).at(0).shape.str();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInvalidArgument);
    return error.message();
  }
}

Tensor counting(Shape shape, float start, float step) {
  Tensor tensor(DType::kF32, std::move(shape));
  float value = start;
  for (float& element : tensor.data<float>()) {
    element = value;
    value += step;
  }
  return tensor;
}

Tensor floats(Shape shape, const std::vector<float>& values) { return Tensor::of<float>(std::move(shape), values); }

Tensor longs(Shape shape, const std::vector<std::int64_t>& values) {
  return Tensor::of<std::int64_t>(std::move(shape), values);
}

}  // namespace fovea
