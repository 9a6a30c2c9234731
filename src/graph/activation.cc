#include "graph/activation.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace fovea {
namespace {

/// Computed in double and rounded once, since this is what every kernel is compared with. NaN passes through.
using Apply = double (*)(double x, double alpha, double beta);

double clip(double x, double low, double high) {
  const double raised = x < low ? low : x;
  return raised > high ? high : raised;
}
double sigmoid(double x) { return 1.0 / (1.0 + std::exp(-x)); }
double softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }
double gelu(double x) { return 0.5 * x * (1.0 + std::erf(x / std::numbers::sqrt2)); }
double gelu_tanh(double x) {
  return 0.5 * x * (1.0 + std::tanh(std::numbers::sqrt2 * std::numbers::inv_sqrtpi * (x + 0.044715 * x * x * x)));
}

struct Entry {
  Function function;
  std::string_view name;
  int parameters;
  Apply apply;
};

constexpr std::array<Entry, 24> kFunctions = {{
    {Function::kIdentity, "identity", 0, [](double x, double, double) { return x; }},
    {Function::kRelu, "relu", 0, [](double x, double, double) { return x < 0 ? 0.0 : x; }},
    {Function::kClip, "clip", 2, clip},
    {Function::kLeakyRelu, "leaky_relu", 1, [](double x, double a, double) { return x < 0 ? a * x : x; }},
    {Function::kElu, "elu", 1, [](double x, double a, double) { return x < 0 ? a * std::expm1(x) : x; }},
    {Function::kSigmoid, "sigmoid", 0, [](double x, double, double) { return sigmoid(x); }},
    {Function::kHardSigmoid, "hard_sigmoid", 2, [](double x, double a, double b) { return clip(a * x + b, 0, 1); }},
    {Function::kHardSwish, "hard_swish", 0, [](double x, double, double) { return x * clip(x / 6 + 0.5, 0, 1); }},
    {Function::kSilu, "silu", 0, [](double x, double, double) { return x * sigmoid(x); }},
    {Function::kTanh, "tanh", 0, [](double x, double, double) { return std::tanh(x); }},
    {Function::kGelu, "gelu", 0, [](double x, double, double) { return gelu(x); }},
    {Function::kGeluTanh, "gelu_tanh", 0, [](double x, double, double) { return gelu_tanh(x); }},
    {Function::kErf, "erf", 0, [](double x, double, double) { return std::erf(x); }},
    {Function::kSqrt, "sqrt", 0, [](double x, double, double) { return std::sqrt(x); }},
    {Function::kExp, "exp", 0, [](double x, double, double) { return std::exp(x); }},
    {Function::kLog, "log", 0, [](double x, double, double) { return std::log(x); }},
    {Function::kAbs, "abs", 0, [](double x, double, double) { return std::abs(x); }},
    {Function::kNeg, "neg", 0, [](double x, double, double) { return -x; }},
    {Function::kReciprocal, "reciprocal", 0, [](double x, double, double) { return 1.0 / x; }},
    {Function::kSoftplus, "softplus", 0, [](double x, double, double) { return softplus(x); }},
    {Function::kMish, "mish", 0, [](double x, double, double) { return x * std::tanh(softplus(x)); }},
    {Function::kFloor, "floor", 0, [](double x, double, double) { return std::floor(x); }},
    {Function::kCeil, "ceil", 0, [](double x, double, double) { return std::ceil(x); }},
    {Function::kRound, "round", 0, [](double x, double, double) { return std::nearbyint(x); }},
}};

constexpr bool in_order() {
  for (std::size_t i = 0; i < kFunctions.size(); ++i)
    if (kFunctions[i].function != static_cast<Function>(i)) return false;
  return true;
}
static_assert(in_order(), "the table is indexed by Function");

const Entry& entry(Function function) { return kFunctions.at(static_cast<std::size_t>(function)); }

}  // namespace

std::string_view name(Function function) { return entry(function).name; }

std::optional<Function> function_from_name(std::string_view name) {
  const auto* found = std::ranges::find(kFunctions, name, &Entry::name);
  if (found == kFunctions.end()) return std::nullopt;
  return found->function;
}

int parameter_count(Function function) { return entry(function).parameters; }

float apply(const Activation& activation, float x) {
  const double y =
      entry(activation.function)
          .apply(static_cast<double>(x), static_cast<double>(activation.alpha), static_cast<double>(activation.beta));
  return static_cast<float>(y);
}

}  // namespace fovea
