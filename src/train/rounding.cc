#include "train/rounding.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
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

/// The same scale, its gradient divided by √(numbers that share it · steps), which balances it with the weights'.
Tensor balanced(const Tensor& scale, const Tensor& x, double steps) {
  const double sharing = static_cast<double>(x.numel()) / static_cast<double>(scale.numel());
  const double factor = 1 / std::sqrt(std::max(1.0, sharing * steps));
  return scale.detach() + (scale - scale.detach()) * factor;
}

}  // namespace

Tensor quantized(const Quantize& op, const Tensor& x, const Tensor& scale, const std::optional<Tensor>& zero,
                 bool fake) {
  const Tensor real = fake ? x.to(at::kFloat) : x;
  const Tensor scaled = real / along(fake ? balanced(scale, real, 127) : scale, real, op.axis);
  Tensor q = fake ? round_through(scaled) : at::round(scaled);
  if (zero) q = q + along(zero->to(q.scalar_type()), x, op.axis);
  const bool is_signed = op.to == DType::kS8 || op.to == DType::kS16;
  const int bits = static_cast<int>(8 * size_of(op.to)) - (is_signed ? 1 : 0);
  const double high = static_cast<double>((std::int64_t{1} << bits) - 1);
  q = at::clamp(q, is_signed ? -high - 1 : 0.0, high);
  return fake ? q : q.to(torch_type(op.to));
}

Tensor dequantized(const Dequantize& op, const Tensor& stored, const Tensor& scale, const std::optional<Tensor>& zero,
                   bool fake) {
  Tensor q = stored.to(at::kFloat);
  if (zero) q = q - along(zero->to(at::kFloat), q, op.axis);
  const Tensor factor = scale.to(at::kFloat);
  return q * along(fake ? balanced(factor, q, 127) : factor, q, op.axis);
}

}  // namespace fovea::train
