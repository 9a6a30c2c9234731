#include "backend/cpu/kernels/layer_norm.h"

#include <cmath>

#include "backend/cpu/kernels/number.h"

namespace fovea::cpu {
namespace {

constexpr std::int64_t kLanes = 32;  ///< partial sums side by side, which compilers keep in vectors

template <typename T>
FOVEA_KERNEL void row(const void* in, void* out, std::int64_t n, const float* scale, const float* bias, float epsilon) {
  const auto* __restrict x = static_cast<const T*>(in);
  auto* __restrict y = static_cast<T*>(out);
  float sums[kLanes] = {}, squares[kLanes] = {};
  float mean = 0, variance = 0;
  const std::int64_t whole = n / kLanes * kLanes;
  for (std::int64_t i = 0; i < whole; i += kLanes)
    for (std::int64_t k = 0; k < kLanes; ++k) sums[k] += widen(x[i + k]);
  for (std::int64_t i = whole; i < n; ++i) sums[i - whole] += widen(x[i]);
  for (const float sum : sums) mean += sum;
  mean /= static_cast<float>(n);
  const auto off = [&](std::int64_t i) { return widen(x[i]) - mean; };
  for (std::int64_t i = 0; i < whole; i += kLanes)
    for (std::int64_t k = 0; k < kLanes; ++k) squares[k] += off(i + k) * off(i + k);
  for (std::int64_t i = whole; i < n; ++i) squares[i - whole] += off(i) * off(i);
  for (const float square : squares) variance += square;
  const float factor = 1.0F / std::sqrt(variance / static_cast<float>(n) + epsilon);
  for (std::int64_t i = 0; i < n; ++i) y[i] = narrow<T>(off(i) * factor * scale[i] + bias[i]);
}

template <typename T>
FOVEA_KERNEL void columns(const void* in, void* out, std::int64_t n, std::int64_t stride, std::int64_t width,
                          const float* scale, const float* bias, float epsilon) {
  const auto* __restrict x = static_cast<const T*>(in);
  auto* __restrict y = static_cast<T*>(out);
  float means[kLayerNormWidth] = {}, factors[kLayerNormWidth] = {};
  for (std::int64_t k = 0; k < n; ++k)
    for (std::int64_t i = 0; i < width; ++i) means[i] += widen(x[k * stride + i]);
  for (std::int64_t i = 0; i < width; ++i) means[i] /= static_cast<float>(n);
  for (std::int64_t k = 0; k < n; ++k)
    for (std::int64_t i = 0; i < width; ++i) {
      const float off = widen(x[k * stride + i]) - means[i];
      factors[i] += off * off;
    }
  for (std::int64_t i = 0; i < width; ++i) factors[i] = 1.0F / std::sqrt(factors[i] / static_cast<float>(n) + epsilon);
  for (std::int64_t k = 0; k < n; ++k)
    for (std::int64_t i = 0; i < width; ++i)
      y[k * stride + i] = narrow<T>((widen(x[k * stride + i]) - means[i]) * factors[i] * scale[k] + bias[k]);
}

}  // namespace

LayerNormRow layer_norm_row_kernel(DType dtype, Isa isa) {
  if (dtype == DType::kF32) return for_isa<&row<float>>(isa);
  return dtype == DType::kBF16 ? for_isa<&row<BF16>>(isa) : nullptr;
}

LayerNormColumns layer_norm_columns_kernel(DType dtype, Isa isa) {
  if (dtype == DType::kF32) return for_isa<&columns<float>>(isa);
  return dtype == DType::kBF16 ? for_isa<&columns<BF16>>(isa) : nullptr;
}

}  // namespace fovea::cpu
