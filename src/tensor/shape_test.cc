#include "tensor/shape.h"

#include <gtest/gtest.h>

#include <limits>

#include "base/error.h"

namespace fovea {
namespace {

constexpr std::int64_t kHuge = std::numeric_limits<std::int64_t>::max();

TEST(Shape, CountsItsElements) {
  EXPECT_EQ(Shape({}).elements(), 1);
  EXPECT_EQ(Shape({1, 3, 224, 224}).elements(), 150528);
  EXPECT_EQ(Shape({5, 0, 7}).elements(), 0);
  EXPECT_EQ(Shape({std::int64_t{1} << 40}).elements(), std::int64_t{1} << 40);
}

TEST(Shape, RefusesWhatWouldOverflow) {
  EXPECT_THROW((void)Shape({(std::int64_t{1} << 40) + 1}).elements(), Error);
  EXPECT_THROW((void)Shape({kHuge, kHuge}).elements(), Error);
  EXPECT_THROW((void)Shape({std::int64_t{1} << 32, std::int64_t{1} << 32}).elements(), Error);
  EXPECT_THROW((void)Shape({3, -1}).elements(), Error);
  EXPECT_THROW((void)Shape({0, -1}).elements(), Error);
  EXPECT_THROW((void)Shape({0, kHuge}).elements(), Error) << "even beside a zero";
  EXPECT_THROW((void)Shape({std::numeric_limits<std::int64_t>::min()}).elements(), Error);
}

TEST(Shape, SaysItself) {
  EXPECT_EQ(Shape({1, 3, 224, 224}).str(), "1x3x224x224");
  EXPECT_EQ(Shape({7}).str(), "7");
  EXPECT_EQ(Shape({}).str(), "scalar");
}

TEST(Broadcast, FollowsNumpy) {
  EXPECT_EQ(broadcast({2, 3}, {2, 3}), Shape({2, 3}));
  EXPECT_EQ(broadcast({2, 1, 4}, {3, 1}), Shape({2, 3, 4}));
  EXPECT_EQ(broadcast({}, {2, 2}), Shape({2, 2}));
  EXPECT_EQ(broadcast({5}, {}), Shape({5}));
  EXPECT_EQ(broadcast({0}, {1}), Shape({0}));
  EXPECT_EQ(broadcast({1}, {0, 3}), Shape({0, 3}));
  EXPECT_EQ(broadcast({8, 1, 6, 1}, {7, 1, 5}), Shape({8, 7, 6, 5}));
}

TEST(Broadcast, IsSymmetricAndNamesBothShapesWhenTheyDoNotFit) {
  EXPECT_EQ(broadcast({3, 1}, {2, 1, 4}), broadcast({2, 1, 4}, {3, 1}));
  EXPECT_THROW(broadcast({0}, {3}), Error);
  try {
    broadcast({2, 3}, {4});
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.message(), "shapes 2x3 and 4 do not broadcast");
  }
}

TEST(NormalAxis, CountsFromTheEndToo) {
  EXPECT_EQ(normal_axis(-1, 4), 3);
  EXPECT_EQ(normal_axis(-4, 4), 0);
  EXPECT_EQ(normal_axis(3, 4), 3);
  EXPECT_THROW(normal_axis(4, 4), Error);
  EXPECT_THROW(normal_axis(-5, 4), Error);
  EXPECT_THROW(normal_axis(0, 0), Error);
}

}  // namespace
}  // namespace fovea
