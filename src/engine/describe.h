#pragma once

#include <string>

#include "engine/plan.h"

namespace fovea {

/// A step for people: reports, traces, `bench --layers`.
struct StepDescription {
  std::string node;
  std::string op;         ///< display name: "conv2d+add+relu"
  std::string precision;  ///< "fp32", "bf16", "fp16", "int8", …: of the weights where it has some, else of the output
  std::string tactic;
  std::string config;  ///< "key=value …"
  Shape shape;         ///< of the first output
};
StepDescription describe(const Plan& plan, const PlanStep& step);

/// "fp32" for f32, "int8" for s8 and u8, …
std::string precision_name(DType dtype);
/// The type of a node's first data input: "fp32", "tf32", "int8", …; "u8" for bytes without a scale.
std::string node_precision(const Graph& graph, const Node& node);

}  // namespace fovea
