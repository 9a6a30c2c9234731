#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace fovea {

/// Element types; the names are those of the text form and of engine files. kF8 is FP8 E4M3 (Micikevicius et al. 2022,
/// arXiv:2209.05433): no infinity, largest number 448.
enum class DType : std::uint8_t { kF32, kF16, kBF16, kF64, kS8, kU8, kS16, kU16, kS32, kU32, kS64, kU64, kBool, kF8 };

struct DTypeInfo {
  std::string_view name;
  std::size_t bytes;
  bool is_float;
};

const DTypeInfo& info(DType dtype);
inline std::string_view name(DType dtype) { return info(dtype).name; }
inline std::size_t size_of(DType dtype) { return info(dtype).bytes; }
inline bool is_float(DType dtype) { return info(dtype).is_float; }
inline bool is_8bit(DType dtype) { return dtype == DType::kS8 || dtype == DType::kU8; }  ///< whole numbers
/// 8 bits that stand for real numbers by a scale: the whole numbers and kF8.
inline bool is_scaled8(DType dtype) { return is_8bit(dtype) || dtype == DType::kF8; }
std::optional<DType> dtype_from_name(std::string_view name);

/// Conversions of the two 16-bit floats; rounding to nearest even, NaN stays NaN, overflow of f16 goes to infinity.
float f16_to_f32(std::uint16_t bits);
std::uint16_t f32_to_f16(float value);
float bf16_to_f32(std::uint16_t bits);
std::uint16_t f32_to_bf16(float value);

/// E4M3: rounding to nearest even, saturating at ±448; NaN stays NaN.
float f8_to_f32(std::uint8_t bits);
std::uint8_t f32_to_f8(float value);
inline constexpr float kLargestF8 = 448;

/// Distinct C++ types for the short floats, so that a template can tell them from integers.
struct F16 {
  std::uint16_t bits;
};
struct BF16 {
  std::uint16_t bits;
};
struct F8 {
  std::uint8_t bits;
};

template <typename T>
struct DTypeOf;
template <>
struct DTypeOf<float> {
  static constexpr DType value = DType::kF32;
};
template <>
struct DTypeOf<F16> {
  static constexpr DType value = DType::kF16;
};
template <>
struct DTypeOf<BF16> {
  static constexpr DType value = DType::kBF16;
};
template <>
struct DTypeOf<F8> {
  static constexpr DType value = DType::kF8;
};
template <>
struct DTypeOf<double> {
  static constexpr DType value = DType::kF64;
};
template <>
struct DTypeOf<std::int8_t> {
  static constexpr DType value = DType::kS8;
};
template <>
struct DTypeOf<std::uint8_t> {
  static constexpr DType value = DType::kU8;
};
template <>
struct DTypeOf<std::int16_t> {
  static constexpr DType value = DType::kS16;
};
template <>
struct DTypeOf<std::uint16_t> {
  static constexpr DType value = DType::kU16;
};
template <>
struct DTypeOf<std::int32_t> {
  static constexpr DType value = DType::kS32;
};
template <>
struct DTypeOf<std::uint32_t> {
  static constexpr DType value = DType::kU32;
};
template <>
struct DTypeOf<std::int64_t> {
  static constexpr DType value = DType::kS64;
};
template <>
struct DTypeOf<std::uint64_t> {
  static constexpr DType value = DType::kU64;
};
template <>
struct DTypeOf<bool> {
  static constexpr DType value = DType::kBool;
};

}  // namespace fovea
