#pragma once

#include <string>
#include <vector>

#include "graph/op.h"

namespace fovea {

/// The op's shape rule and reference on these inputs (an empty Tensor where one is left out); expects that what is made
/// has the types that the rule says.
std::vector<Tensor> run_op_all(const Op& op, const std::vector<Tensor>& inputs);
Tensor run_op(const Op& op, const std::vector<Tensor>& inputs);  ///< its first output

/// What the shape rule says of f32 inputs of these shapes: the output's shape, or the error's message.
std::string shape_rule(const Op& op, const std::vector<Shape>& inputs);

/// f32: start, start + step, …
Tensor counting(Shape shape, float start = 0, float step = 1);
Tensor floats(Shape shape, const std::vector<float>& values);
Tensor longs(Shape shape, const std::vector<std::int64_t>& values);

}  // namespace fovea
