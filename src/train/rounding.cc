#include "train/rounding.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "train/convert.h"

namespace fovea::train {
namespace {

using at::Tensor;

/// [c] along `axis`, or a scalar, so that it broadcasts to x.
Tensor along(const Tensor& factor, const Tensor& x, int axis) {
  if (factor.dim() == 0 || factor.numel() == 1) return factor.reshape({});
  std::vector<std::int64_t> shape(static_cast<std::size_t>(x.dim()), 1);
  shape[static_cast<std::size_t>(axis)] = factor.numel();
  return factor.reshape(shape);
}

Tensor round_through(const Tensor& x) { return x + (at::round(x) - x).detach(); }

/// 1 / √(numbers that share a scale · steps) balances its gradient with the weights'.
double balance(const Tensor& scale, const Tensor& x) {
  constexpr double kSteps = 127;
  const double sharing = static_cast<double>(x.numel()) / static_cast<double>(scale.numel());
  return 1 / std::sqrt(std::max(1.0, sharing * kSteps));
}

/// The same scale, its gradient times balance().
Tensor balanced(const Tensor& scale, const Tensor& x) {
  return scale.detach() + (scale - scale.detach()) * balance(scale, x);
}

/// Least and largest integer.
std::pair<std::int64_t, std::int64_t> bounds(DType type) {
  const bool is_signed = type == DType::kS8 || type == DType::kS16;
  const int bits = static_cast<int>(8 * size_of(type)) - (is_signed ? 1 : 0);
  const std::int64_t high = (std::int64_t{1} << bits) - 1;
  return {is_signed ? -high - 1 : 0, high};
}

}  // namespace

Tensor quantized(const Quantize& op, const Tensor& x, const Tensor& scale, const std::optional<Tensor>& zero,
                 bool fake) {
  const Tensor real = fake ? x.to(at::kFloat) : x;
  const Tensor scaled = real / along(fake ? balanced(scale, real) : scale, real, op.axis);
  Tensor q = fake ? round_through(scaled) : at::round(scaled);
  if (zero) q = q + along(zero->to(q.scalar_type()), x, op.axis);
  const auto [low, high] = bounds(op.to);
  q = at::clamp(q, static_cast<double>(low), static_cast<double>(high));
  return fake ? q : q.to(torch_type(op.to));
}

Tensor dequantized(const Dequantize& op, const Tensor& stored, const Tensor& scale, const std::optional<Tensor>& zero,
                   bool fake) {
  Tensor q = stored.to(at::kFloat);
  if (zero) q = q - along(zero->to(at::kFloat), q, op.axis);
  const Tensor factor = scale.to(at::kFloat);
  return q * along(fake ? balanced(factor, q) : factor, q, op.axis);
}

Tensor rounded(DType stored, int axis, const Tensor& x, const Tensor& scale, const std::optional<Tensor>& zero) {
  const Tensor real = x.to(at::kFloat), scales = scale.to(at::kFloat).reshape(-1);
  const Tensor zeros = zero ? zero->to(at::kFloat).reshape(-1) : at::zeros_like(scales.detach());
  const auto [low, high] = bounds(stored);
  if (scales.numel() == 1)
    return at::_fake_quantize_learnable_per_tensor_affine(real, scales, zeros, low, high, balance(scales, real));
  return at::_fake_quantize_learnable_per_channel_affine(real, scales, zeros, axis, low, high, balance(scales, real));
}

}  // namespace fovea::train
