#pragma once

#include <cstdint>

#include "backend/api/device.h"
#include "tensor/dtype.h"

namespace fovea::cpu {

/// out[i] = saturate(round(in[i] · factor + offset)) for n elements; f32, bf16, s8, u8 each way.
using Convert = void (*)(const void* in, void* out, std::int64_t n, float factor, float offset);
Convert convert_kernel(DType from, DType to, Isa isa);  ///< null for other dtypes

/// out[i] = table[byte in[i]]; the table has 256 entries of the output's dtype.
using Lookup = void (*)(const std::uint8_t* in, void* out, std::int64_t n, const void* table);
Lookup lookup_kernel(DType to, Isa isa);  ///< null for other dtypes

}  // namespace fovea::cpu
