#include "train/schedule.h"

#include <gtest/gtest.h>

namespace fovea::train {
namespace {

TEST(Schedule, RisesLinearlyThenFallsToNothing) {
  const Schedule schedule{0.4, 4, 20};
  EXPECT_DOUBLE_EQ(schedule.at(0), 0.1);
  EXPECT_DOUBLE_EQ(schedule.at(3), 0.4);
  EXPECT_DOUBLE_EQ(schedule.at(4), 0.4);
  EXPECT_DOUBLE_EQ(schedule.at(12), 0.2);  // half of the cosine
  EXPECT_NEAR(schedule.at(20), 0, 1e-12);
}

TEST(Schedule, WithoutWarmUpStartsAtThePeak) { EXPECT_DOUBLE_EQ((Schedule{0.4, 0, 10}.at(0)), 0.4); }

TEST(EvenBatch, LeavesNoTinyRest) {
  EXPECT_EQ(even_batch(800, 32), 32);
  EXPECT_EQ(steps_of(100, 32), 4);
  EXPECT_EQ(even_batch(100, 32), 25);
  EXPECT_EQ(even_batch(33, 32), 17);
  EXPECT_EQ(even_batch(5, 32), 5);
  EXPECT_EQ(even_batch(0, 32), 0);
}

}  // namespace
}  // namespace fovea::train
