#pragma once

#include <oneapi/dnnl/dnnl.hpp>
#include <optional>
#include <string>

#include "backend/api/view.h"

namespace fovea::onednn {

struct Eltwise {
  dnnl::algorithm algorithm = dnnl::algorithm::eltwise_linear;
  float alpha = 1, beta = 0;
};
/// oneDNN's name for a function; none where it lacks it (erf, floor, ceil).
std::optional<Eltwise> eltwise(const Activation& activation);

/// What follows the accumulation: y = act(acc + bias + residual), written in the units in which the fewest operations
/// are left. The caller scales: acc and bias are to arrive divided by `divisor`, the bias with `bias_offset` added.
/// With a residual of scale r the units are r, so that its stored numbers are added as they are; without one, and where
/// the activation commutes with scaling (relu, clip, leaky relu, none), they are the output's.
struct Epilogue {
  dnnl::post_ops ops;
  float divisor = 1;
  float bias_offset = 0;
  int residual_op = -1;  ///< index of the post-op that reads the residual
};
/// `residual` null: none. `divisible`: the caller can divide (8-bit accumulation, with scales at hand). No value, and a
/// reason, when oneDNN lacks the function.
std::optional<Epilogue> epilogue(const Activation& act, const OperandView* residual, const OperandView& output,
                                 bool divisible, std::string& reason);

}  // namespace fovea::onednn
