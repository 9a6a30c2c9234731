#pragma once

#include <bit>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "backend/cpu/kernels/isa.h"
#include "tensor/dtype.h"

namespace fovea::cpu {

/// Numbers in and out of kernels: loading widens to f32, storing rounds once (nearest even) and saturates. Written so
/// that compilers vectorise them.
FOVEA_KERNEL float widen(float v) { return v; }
FOVEA_KERNEL float widen(BF16 v) { return std::bit_cast<float>(static_cast<std::uint32_t>(v.bits) << 16); }
FOVEA_KERNEL float widen(F16 v) {
  const std::uint32_t sign = static_cast<std::uint32_t>(v.bits & 0x8000U) << 16, rest = v.bits & 0x7fffU;
  // 2^112 puts the exponent right, of subnormal numbers too; Inf and NaN get the largest exponent.
  const float number = std::bit_cast<float>(rest << 13) * 0x1.0p112F;
  const std::uint32_t special = rest >= 0x7c00U ? 0x7f800000U : 0U;
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(number) | special | sign);
}
FOVEA_KERNEL float widen(std::int8_t v) { return static_cast<float>(v); }
FOVEA_KERNEL float widen(std::uint8_t v) { return static_cast<float>(v); }

template <typename To>
FOVEA_KERNEL To narrow(float v) {
  if constexpr (std::is_same_v<To, float>) {
    return v;
  } else if constexpr (std::is_same_v<To, BF16>) {
    const std::uint32_t bits = std::bit_cast<std::uint32_t>(v);
    const std::uint32_t rounded = (bits + 0x7fffU + ((bits >> 16) & 1U)) >> 16;
    const bool nan = (bits & 0x7fffffffU) > 0x7f800000U;
    return BF16{static_cast<std::uint16_t>(nan ? 0x7fc0U : rounded)};
  } else if constexpr (std::is_same_v<To, F16>) {
    const std::uint32_t bits = std::bit_cast<std::uint32_t>(v), magnitude = bits & 0x7fffffffU;
    const std::uint32_t normal = (magnitude + 0xfffU + ((magnitude >> 13) & 1U) - 0x38000000U) >> 13;
    // A subnormal result: the adder does the rounding.
    const std::uint32_t small = std::bit_cast<std::uint32_t>(std::bit_cast<float>(magnitude) + 0.5F) - 0x3f000000U;
    const std::uint32_t large = magnitude > 0x7f800000U ? 0x7e00U : 0x7c00U;
    const std::uint32_t made = magnitude >= 0x477ff000U ? large : magnitude < 0x38800000U ? small : normal;
    return F16{static_cast<std::uint16_t>(((bits >> 16) & 0x8000U) | made)};
  } else {
    constexpr float kLow = std::numeric_limits<To>::min(), kHigh = std::numeric_limits<To>::max();
    constexpr float kRound = 12582912.0F;  // 1.5 · 2^23: adding it leaves no fraction
    v = v > kLow ? v : kLow;
    v = v < kHigh ? v : kHigh;
    return static_cast<To>(static_cast<std::int32_t>((v + kRound) - kRound));
  }
}

/// Calls visit.operator()<T>() for the C++ type of a number's dtype and returns its result; Otherwise for other dtypes.
template <typename Result, typename Visit>
Result with_number(DType dtype, Result otherwise, const Visit& visit) {
  switch (dtype) {
    case DType::kF32:
      return visit.template operator()<float>();
    case DType::kBF16:
      return visit.template operator()<BF16>();
    case DType::kF16:
      return visit.template operator()<F16>();
    case DType::kS8:
      return visit.template operator()<std::int8_t>();
    case DType::kU8:
      return visit.template operator()<std::uint8_t>();
    default:
      return otherwise;
  }
}

}  // namespace fovea::cpu
