#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace fovea {

/// Functions of one number. alpha and beta are those of ONNX: clip(min = alpha, max = beta), leaky_relu and elu
/// (alpha), hard_sigmoid(alpha · x + beta clipped to 0..1), gelu_tanh is the tanh approximation.
enum class Function : std::uint8_t {
  kIdentity,
  kRelu,
  kClip,
  kLeakyRelu,
  kElu,
  kSigmoid,
  kHardSigmoid,
  kHardSwish,
  kSilu,
  kTanh,
  kGelu,
  kGeluTanh,
  kErf,
  kSqrt,
  kExp,
  kLog,
  kAbs,
  kNeg,
  kReciprocal,
  kSoftplus,
  kMish,
  kFloor,
  kCeil,
  kRound,
};

/// A function with its parameters: the op Unary, and the epilogue of convolution, gemm and binary ops.
struct Activation {
  Function function = Function::kIdentity;
  float alpha = 0;
  float beta = 0;
  bool operator==(const Activation&) const = default;
  explicit operator bool() const { return function != Function::kIdentity; }
};

std::string_view name(Function function);  ///< "relu", "hard_swish", …
std::optional<Function> function_from_name(std::string_view name);
int parameter_count(Function function);  ///< how many of alpha, beta mean something: 0, 1 or 2
float apply(const Activation& activation, float x);

}  // namespace fovea
