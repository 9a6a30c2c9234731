#include "tensor/tensor.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "base/error.h"

namespace fovea {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

template <typename T>
std::vector<T> values_of(const Tensor& tensor) {
  const auto values = tensor.data<T>();
  return {values.begin(), values.end()};
}

/// `values` narrowed to T and read as T.
template <typename T>
std::vector<T> narrowed(const std::vector<float>& values) {
  const Tensor wide = Tensor::of<float>({static_cast<std::int64_t>(values.size())}, values);
  return values_of<T>(from_f32(wide, DTypeOf<T>::value));
}

TEST(Buffer, IsAlignedAndPaddedAndMayBeEmpty) {
  for (const std::size_t bytes : {0U, 1U, 63U, 64U, 65U, 4096U}) {
    AlignedBuffer buffer(bytes);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer.data()) % 64, 0U);
    EXPECT_EQ(buffer.size(), bytes);
    std::memset(buffer.data(), 1, (bytes + 63) / 64 * 64);  // the padding belongs to it
  }
  EXPECT_EQ(AlignedBuffer().data(), nullptr);
}

TEST(Buffer, TooMuchIsOutOfMemory) {
#ifdef FOVEA_SANITIZED
  GTEST_SKIP() << "the sanitizer ends the process instead";
#endif
  try {
    AlignedBuffer buffer(std::size_t{1} << 60);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kOutOfMemory);
  }
}

TEST(Tensor, CopiesShareAndClonesDoNot) {
  Tensor tensor = Tensor::of<float>({2, 2}, {1, 2, 3, 4});
  const Tensor copy = tensor;
  const Tensor clone = tensor.clone();
  tensor.data<float>()[0] = 9;
  EXPECT_EQ(copy.data<float>()[0], 9);
  EXPECT_EQ(clone.data<float>()[0], 1);
  EXPECT_TRUE(tensor.same(copy));
  EXPECT_FALSE(tensor.same(clone));
}

TEST(Tensor, ReshapedSharesAndChecks) {
  const Tensor tensor = Tensor::of<std::int32_t>({2, 3}, {1, 2, 3, 4, 5, 6});
  const Tensor flat = tensor.reshaped({6});
  EXPECT_EQ(flat.bytes().data(), tensor.bytes().data());
  EXPECT_EQ(flat.shape(), Shape({6}));
  EXPECT_FALSE(flat.same(tensor));
  EXPECT_THROW((void)tensor.reshaped({7}), Error);
}

TEST(Tensor, EmptyAndZeroSizedAreNotTheSame) {
  EXPECT_TRUE(Tensor().empty());
  EXPECT_TRUE(Tensor().same(Tensor()));
  const Tensor none(DType::kF32, {0, 3});
  EXPECT_FALSE(none.empty());
  EXPECT_EQ(none.byte_size(), 0U);
  EXPECT_TRUE(none.same(none.clone()));
  EXPECT_FALSE(none.same(Tensor()));
  EXPECT_EQ(Tensor::scalar(2).elements(), 1);
}

TEST(Tensor, ZerosAreZeroInEveryType) {
  for (int i = 0; i <= static_cast<int>(DType::kBool); ++i) {
    const Tensor tensor = Tensor::zeros(static_cast<DType>(i), {5});
    EXPECT_EQ(tensor.byte_size(), 5 * size_of(static_cast<DType>(i)));
    for (const std::byte byte : tensor.bytes()) EXPECT_EQ(byte, std::byte{0});
  }
}

TEST(Tensor, HostileShapesAreRefusedBeforeAllocating) {
  EXPECT_THROW(Tensor(DType::kF32, {std::int64_t{1} << 41}), Error);
  EXPECT_THROW(Tensor(DType::kF32, {-1}), Error);
}

TEST(FromF32, IntegersRoundToNearestEvenAndSaturate) {
  const std::vector<float> values = {0.5F,   1.5F, 2.5F,    -0.5F, -1.5F,     126.6F,
                                     127.5F, 300,  -128.5F, -129,  kInfinity, -kInfinity};
  EXPECT_EQ(narrowed<std::int8_t>(values),
            (std::vector<std::int8_t>{0, 2, 2, 0, -2, 127, 127, 127, -128, -128, 127, -128}));
  EXPECT_EQ(narrowed<std::uint8_t>(values), (std::vector<std::uint8_t>{0, 2, 2, 0, 0, 127, 128, 255, 0, 0, 255, 0}));
}

TEST(FromF32, WideIntegersSaturateAtTheirOwnLimits) {
  EXPECT_EQ(narrowed<std::int32_t>({3e9F, -3e9F, 2147483648.0F, 16777216.0F}),
            (std::vector<std::int32_t>{2147483647, -2147483648, 2147483647, 16777216}));
  EXPECT_EQ(narrowed<std::uint32_t>({5e9F, -1}), (std::vector<std::uint32_t>{4294967295U, 0}));
  EXPECT_EQ(narrowed<std::int64_t>({1e20F, -1e20F, 0x1p62F}),
            (std::vector<std::int64_t>{std::numeric_limits<std::int64_t>::max(),
                                       std::numeric_limits<std::int64_t>::min(), std::int64_t{1} << 62}));
  EXPECT_EQ(narrowed<std::uint64_t>({1e20F, -5}),
            (std::vector<std::uint64_t>{std::numeric_limits<std::uint64_t>::max(), 0}));
}

TEST(FromF32, NanIsZeroInIntegersAndStaysInFloats) {
  EXPECT_EQ(narrowed<std::int8_t>({kNan}), std::vector<std::int8_t>{0});
  EXPECT_EQ(narrowed<std::uint64_t>({kNan}), std::vector<std::uint64_t>{0});
  EXPECT_TRUE(std::isnan(narrowed<double>({kNan})[0]));
  const Tensor wide = Tensor::of<float>({3}, {kNan, 0.0F, -2.0F});
  EXPECT_TRUE(std::isnan(to_f32(from_f32(wide, DType::kF16)).data<float>()[0]));
  EXPECT_TRUE(std::isnan(to_f32(from_f32(wide, DType::kBF16)).data<float>()[0]));
  const Tensor flags = from_f32(wide, DType::kBool);
  EXPECT_TRUE(flags.data<bool>()[0]);
  EXPECT_FALSE(flags.data<bool>()[1]);
  EXPECT_TRUE(flags.data<bool>()[2]);
}

TEST(ToF32, ComesBackFromEveryTypeThatHoldsTheValues) {
  const Tensor wide = Tensor::of<float>({4}, {0, 1, 2, 100});
  for (int i = 0; i < static_cast<int>(DType::kBool); ++i) {
    const auto dtype = static_cast<DType>(i);
    EXPECT_TRUE(to_f32(from_f32(wide, dtype)).same(wide)) << name(dtype);
  }
  EXPECT_EQ(to_f32(wide).bytes().data(), wide.bytes().data()) << "f32 is not copied";
}

TEST(ToS64, TakesIntegersAndBoolOnly) {
  EXPECT_EQ(values_of<std::int64_t>(to_s64(Tensor::of<std::int32_t>({2}, {-7, 7}))),
            (std::vector<std::int64_t>{-7, 7}));
  EXPECT_EQ(values_of<std::int64_t>(to_s64(Tensor::of<std::uint8_t>({1}, {255}))), std::vector<std::int64_t>{255});
  EXPECT_EQ(values_of<std::int64_t>(to_s64(Tensor::of<bool>({2}, {true, false}))), (std::vector<std::int64_t>{1, 0}));
  EXPECT_THROW(to_s64(Tensor::scalar(1)), Error);
}

}  // namespace
}  // namespace fovea
