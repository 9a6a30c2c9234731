#pragma once

#include <cstdint>

#include "backend/api/device.h"
#include "tensor/dtype.h"

namespace fovea::cpu {

inline constexpr std::int64_t kLayerNormWidth = 64;  ///< most columns per call

/// One row of n neighbouring elements: y = (x − mean) / √(variance + epsilon) · scale[i] + bias[i]; sums in f32.
using LayerNormRow = void (*)(const void* in, void* out, std::int64_t n, const float* scale, const float* bias,
                              float epsilon);
/// The same down `width` ≤ 64 columns side by side; element k of a column is k · stride elements further on.
using LayerNormColumns = void (*)(const void* in, void* out, std::int64_t n, std::int64_t stride, std::int64_t width,
                                  const float* scale, const float* bias, float epsilon);
LayerNormRow layer_norm_row_kernel(DType dtype, Isa isa);          ///< f32, bf16; null for others
LayerNormColumns layer_norm_columns_kernel(DType dtype, Isa isa);  ///< f32, bf16; null for others

}  // namespace fovea::cpu
