#include "backend/cpu/onednn/epilogue.h"

#include <limits>

#include "backend/cpu/onednn/descriptor.h"
#include "backend/cpu/tactics/support.h"
#include "base/error.h"

namespace fovea::onednn {
namespace {

using alg = dnnl::algorithm;

/// act(x · u) / u as an activation of x, where there is one for every u > 0.
std::optional<Activation> scaled(const Activation& act, float u) {
  switch (act.function) {
    case Function::kIdentity:
    case Function::kRelu:
    case Function::kLeakyRelu:
      return act;
    case Function::kClip:
      return Activation{act.function, act.alpha / u, act.beta / u};
    default:
      return std::nullopt;
  }
}

/// Saturation to 0..255 does what this activation does.
bool left_to_saturation(const Activation& act, const OperandView& output) {
  if (output.dtype != DType::kU8 || cpu::affine(output).zero_point != 0) return false;
  if (act.function == Function::kRelu) return true;
  return act.function == Function::kClip && act.alpha <= 0 && act.beta >= 255;
}

void append(dnnl::post_ops& ops, const Eltwise& e) { ops.append_eltwise(e.algorithm, e.alpha, e.beta); }

void append_linear(dnnl::post_ops& ops, float factor, float offset) {
  if (factor != 1 || offset != 0) append(ops, {alg::eltwise_linear, factor, offset});
}

}  // namespace

std::optional<Eltwise> eltwise(const Activation& activation) {
  const float a = activation.alpha, b = activation.beta;
  switch (activation.function) {
    case Function::kIdentity:
      return Eltwise{alg::eltwise_linear, 1, 0};
    case Function::kRelu:
      return Eltwise{alg::eltwise_relu, 0, 0};
    case Function::kClip:
      return Eltwise{alg::eltwise_clip, a, b};
    case Function::kLeakyRelu:
      return Eltwise{alg::eltwise_relu, a, 0};
    case Function::kElu:
      return Eltwise{alg::eltwise_elu, a, 0};
    case Function::kSigmoid:
      return Eltwise{alg::eltwise_logistic, 0, 0};
    case Function::kHardSigmoid:
      return Eltwise{alg::eltwise_hardsigmoid, a, b};
    case Function::kHardSwish:
      return Eltwise{alg::eltwise_hardswish, 1.0F / 6, 0.5F};
    case Function::kSilu:
      return Eltwise{alg::eltwise_swish, 1, 0};
    case Function::kTanh:
      return Eltwise{alg::eltwise_tanh, 0, 0};
    case Function::kGelu:
      return Eltwise{alg::eltwise_gelu_erf, 0, 0};
    case Function::kGeluTanh:
      return Eltwise{alg::eltwise_gelu_tanh, 0, 0};
    case Function::kSqrt:
      return Eltwise{alg::eltwise_sqrt, 0, 0};
    case Function::kExp:
      return Eltwise{alg::eltwise_exp, 0, 0};
    case Function::kLog:
      return Eltwise{alg::eltwise_log, 0, 0};
    case Function::kAbs:
      return Eltwise{alg::eltwise_abs, 0, 0};
    case Function::kNeg:
      return Eltwise{alg::eltwise_linear, -1, 0};
    case Function::kReciprocal:
      return Eltwise{alg::eltwise_pow, 1, -1};
    case Function::kSoftplus:
      return Eltwise{alg::eltwise_soft_relu, 1, 0};
    case Function::kMish:
      return Eltwise{alg::eltwise_mish, 0, 0};
    case Function::kRound:
      return Eltwise{alg::eltwise_round, 0, 0};
    case Function::kErf:
    case Function::kFloor:
    case Function::kCeil:
      break;
  }
  return std::nullopt;
}

std::optional<Epilogue> epilogue(const Activation& act, const OperandView* residual, const OperandView& output,
                                 bool divisible, std::string& reason) {
  Epilogue made;
  const bool to_8bit = is_8bit(output.dtype);
  const cpu::Affine out = cpu::affine(output);
  if (residual != nullptr) {
    const cpu::Affine in = cpu::affine(*residual);
    if (in != cpu::Affine{} && !divisible) {
      reason = "a quantised residual needs an 8-bit input";
      return std::nullopt;
    }
    made.divisor = in.scale;
    made.bias_offset = -static_cast<float>(in.zero_point);
    made.residual_op = made.ops.len();
    made.ops.append_binary(alg::binary_add, desc(*residual));
  } else if (divisible && to_8bit && scaled(act, out.scale)) {
    made.divisor = out.scale;
  }
  float units = made.divisor;
  if (act.function != Function::kIdentity) {
    auto fitting = scaled(act, units);
    if (!fitting) {
      append_linear(made.ops, units, 0);
      units = 1;
      fitting = act;
    }
    const auto function = eltwise(*fitting);
    if (!function) {
      reason = fmt::format("oneDNN has no {}", name(act.function));
      return std::nullopt;
    }
    const bool same_units = units == out.scale;
    if (!(same_units && left_to_saturation(*fitting, output)) &&
        !(act.function == Function::kRelu && left_to_saturation(act, output))) {
      append(made.ops, *function);
    }
  }
  if (to_8bit) {
    append_linear(made.ops, units / out.scale, static_cast<float>(out.zero_point));
  } else {
    append_linear(made.ops, units, 0);
  }
  return made;
}

}  // namespace fovea::onednn
