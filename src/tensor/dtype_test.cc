#include "tensor/dtype.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <set>

#include "base/random.h"

namespace fovea {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// IEEE 754 binary16 by its definition.
double f16_value(std::uint32_t bits) {
  const double sign = (bits & 0x8000U) != 0 ? -1.0 : 1.0;
  const int exponent = static_cast<int>((bits >> 10) & 31U);
  const double mantissa = static_cast<double>(bits & 1023U);
  if (exponent == 0) return sign * std::ldexp(mantissa, -24);
  return sign * std::ldexp(1024.0 + mantissa, exponent - 25);
}

TEST(DType, NamesAreUniqueAndFound) {
  std::set<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(DType::kF8); ++i) {
    const auto dtype = static_cast<DType>(i);
    names.insert(name(dtype));
    EXPECT_EQ(dtype_from_name(name(dtype)), dtype);
  }
  EXPECT_EQ(names.size(), static_cast<std::size_t>(DType::kF8) + 1);
  EXPECT_EQ(dtype_from_name("f8"), std::nullopt);
  EXPECT_EQ(dtype_from_name(""), std::nullopt);
}

TEST(DType, SizesAreThoseOfTheCppTypes) {
  EXPECT_EQ(size_of(DTypeOf<float>::value), sizeof(float));
  EXPECT_EQ(size_of(DTypeOf<F16>::value), sizeof(F16));
  EXPECT_EQ(size_of(DTypeOf<BF16>::value), sizeof(BF16));
  EXPECT_EQ(size_of(DTypeOf<double>::value), sizeof(double));
  EXPECT_EQ(size_of(DTypeOf<std::int64_t>::value), sizeof(std::int64_t));
  EXPECT_EQ(size_of(DTypeOf<bool>::value), sizeof(bool));
  EXPECT_TRUE(is_float(DType::kBF16));
  EXPECT_FALSE(is_float(DType::kS8));
}

TEST(F16, EveryValueIsTheStandardsAndComesBack) {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    const float wide = f16_to_f32(half);
    if ((bits & 0x7fffU) > 0x7c00U) {
      ASSERT_TRUE(std::isnan(wide)) << bits;
      ASSERT_TRUE(std::isnan(f16_to_f32(f32_to_f16(wide)))) << bits;
      continue;
    }
    if ((bits & 0x7fffU) == 0x7c00U) {
      ASSERT_EQ(wide, (bits & 0x8000U) != 0 ? -kInfinity : kInfinity);
    } else {
      ASSERT_EQ(static_cast<double>(wide), f16_value(bits)) << bits;
      ASSERT_EQ(std::signbit(wide), (bits & 0x8000U) != 0) << bits;
    }
    ASSERT_EQ(f32_to_f16(wide), half) << bits;
  }
}

TEST(F16, BetweenTwoNeighboursTheNearestTiesToEven) {
  for (std::uint32_t bits = 0; bits < 0x7bff; ++bits) {
    const double low = f16_value(bits);
    const double high = f16_value(bits + 1);
    const auto middle = static_cast<float>((low + high) / 2);  // exact: one more bit than f16 has
    const std::uint32_t even = (bits & 1U) == 0 ? bits : bits + 1;
    ASSERT_EQ(f32_to_f16(middle), even) << bits;
    ASSERT_EQ(f32_to_f16(std::nextafter(middle, 0.0F)), bits) << bits;
    ASSERT_EQ(f32_to_f16(std::nextafter(middle, kInfinity)), bits + 1) << bits;
    ASSERT_EQ(f32_to_f16(-middle), even | 0x8000U) << bits;
  }
}

TEST(F16, OverflowGoesToInfinityAndUnderflowToZero) {
  EXPECT_EQ(f32_to_f16(65504.0F), 0x7bff);
  EXPECT_EQ(f32_to_f16(std::nextafter(65520.0F, 0.0F)), 0x7bff);
  EXPECT_EQ(f32_to_f16(65520.0F), 0x7c00);
  EXPECT_EQ(f32_to_f16(-1e30F), 0xfc00);
  EXPECT_EQ(f32_to_f16(kInfinity), 0x7c00);
  EXPECT_EQ(f32_to_f16(0x1p-25F), 0x0000);
  EXPECT_EQ(f32_to_f16(std::nextafter(0x1p-25F, 1.0F)), 0x0001);
  EXPECT_EQ(f32_to_f16(-0x1p-30F), 0x8000);
  EXPECT_EQ(f32_to_f16(std::numeric_limits<float>::denorm_min()), 0x0000);
}

TEST(BF16, EveryValueComesBack) {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto narrow = static_cast<std::uint16_t>(bits);
    const float wide = bf16_to_f32(narrow);
    ASSERT_EQ(std::bit_cast<std::uint32_t>(wide), bits << 16);
    if (std::isnan(wide))
      ASSERT_TRUE(std::isnan(bf16_to_f32(f32_to_bf16(wide)))) << bits;
    else
      ASSERT_EQ(f32_to_bf16(wide), narrow) << bits;
  }
}

TEST(BF16, BetweenTwoNeighboursTheNearestTiesToEven) {
  for (std::uint32_t bits = 0; bits < 0x7f7f; ++bits) {
    const std::uint32_t middle = (bits << 16) | 0x8000U;
    ASSERT_EQ(f32_to_bf16(std::bit_cast<float>(middle)), (bits & 1U) == 0 ? bits : bits + 1) << bits;
    ASSERT_EQ(f32_to_bf16(std::bit_cast<float>(middle - 1)), bits) << bits;
    ASSERT_EQ(f32_to_bf16(std::bit_cast<float>(middle + 1)), bits + 1) << bits;
  }
}

TEST(BF16, NansStayNansWhateverTheirPayload) {
  EXPECT_TRUE(std::isnan(bf16_to_f32(f32_to_bf16(std::bit_cast<float>(0x7f800001U)))));
  EXPECT_TRUE(std::isnan(bf16_to_f32(f32_to_bf16(std::bit_cast<float>(0xffffffffU)))));
  EXPECT_TRUE(std::isnan(f16_to_f32(f32_to_f16(std::bit_cast<float>(0x7f800001U)))));
  EXPECT_EQ(f32_to_bf16(std::numeric_limits<float>::max()), 0x7f80);
}

/// E4M3 by its definition: 4 bits of exponent with bias 7, 3 of mantissa, no infinity.
TEST(F8, EveryValueIsTheStandardsAndComesBack) {
  for (int bits = 0; bits < 256; ++bits) {
    const auto narrow = static_cast<std::uint8_t>(bits);
    const float wide = f8_to_f32(narrow);
    if ((bits & 0x7f) == 0x7f) {
      EXPECT_TRUE(std::isnan(wide));
      EXPECT_TRUE(std::isnan(f8_to_f32(f32_to_f8(wide))));
      continue;
    }
    const int exponent = (bits >> 3) & 15, mantissa = bits & 7;
    const double magnitude = exponent == 0 ? std::ldexp(mantissa, -9) : std::ldexp(8 + mantissa, exponent - 10);
    EXPECT_EQ(static_cast<double>(wide), bits < 128 ? magnitude : -magnitude) << bits;
    EXPECT_EQ(f32_to_f8(wide), narrow) << bits;
    if ((bits & 0x7f) == 0x7e) continue;
    const float middle = (std::abs(wide) + std::abs(f8_to_f32(static_cast<std::uint8_t>(bits + 1)))) / 2;
    EXPECT_EQ(f32_to_f8(middle) & 0x7f, (bits & 1) == 0 ? bits & 0x7f : (bits + 1) & 0x7f) << bits;
  }
  EXPECT_EQ(f32_to_f8(1e9F), 0x7e);
  EXPECT_EQ(f32_to_f8(-kInfinity), 0xfe);
}

TEST(HalfTypes, RandomValuesStayWithinHalfAUnit) {
  Random random{1};
  for (int i = 0; i < 100000; ++i) {
    const double value = random.uniform(-1, 1) * std::exp2(random.uniform(-13, 15));
    const auto wide = static_cast<float>(value);
    const double unit = std::exp2(std::floor(std::log2(std::abs(wide))));
    ASSERT_LE(std::abs(f16_to_f32(f32_to_f16(wide)) - wide), std::max(unit * 0x1p-11, 0x1p-25)) << wide;
    ASSERT_LE(std::abs(bf16_to_f32(f32_to_bf16(wide)) - wide), unit * 0x1p-8) << wide;
  }
}

}  // namespace
}  // namespace fovea
