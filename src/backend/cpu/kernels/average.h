#pragma once

#include <cstdint>

#include "backend/api/device.h"
#include "tensor/dtype.h"

namespace fovea::cpu {

inline constexpr std::int64_t kAverageWidth = 64;  ///< most channels per call

/// For each of `width` ≤ 64 neighbouring channels: out[c] = saturate(round(factor · Σ in[p · stride + c] + offset))
/// over `pixels`. Integers are summed exactly.
using Average = void (*)(const void* in, void* out, std::int64_t pixels, std::int64_t stride, std::int64_t width,
                         float factor, float offset);
Average average_kernel(DType from, DType to, Isa isa);  ///< null where there is none

}  // namespace fovea::cpu
