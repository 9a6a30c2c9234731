#include "eval/paired.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/error.h"

namespace fovea {
namespace {

/// `n` images of two classes, all of class 0; image i is predicted right where right(i).
template <typename Right>
EvalResult result_of(int n, const Right& right) {
  std::vector<ImageResult> images;
  for (int i = 0; i < n; ++i) images.push_back({i, 0, right(i) ? 0 : 1, right(i) ? 0 : 1, 0.5F, 0.5F});
  return summarize(images, 2);
}

TEST(Paired, CountsLostAndGained) {
  const EvalResult before = result_of(100, [](int i) { return i < 90; });
  const EvalResult after = result_of(100, [](int i) { return i >= 5 && i < 92; });
  const PairedDifference difference = compare_paired(before, after);
  EXPECT_EQ(difference.images, 100);
  EXPECT_EQ(difference.lost, 5);
  EXPECT_EQ(difference.gained, 2);
  EXPECT_DOUBLE_EQ(difference.drop_points, 3.0);
  EXPECT_DOUBLE_EQ(difference.agreement, 0.93);
  EXPECT_NEAR(difference.mcnemar_p, 0.453125, 1e-12);  // 2 · (1 + 7 + 21) / 128
  EXPECT_LT(difference.ci95_points[0], 3.0);
  EXPECT_GT(difference.ci95_points[1], 3.0);
  // Normal approximation: 1.96 · sqrt(0.07 − 0.0009) / 10 = 5.2 points either side.
  EXPECT_NEAR(difference.ci95_points[1] - difference.ci95_points[0], 10.3, 1.5);
}

TEST(Paired, IsAFunctionOfTheSeed) {
  const EvalResult before = result_of(60, [](int i) { return i % 3 != 0; });
  const EvalResult after = result_of(60, [](int i) { return i % 4 != 0; });
  const auto first = compare_paired(before, after, 3), again = compare_paired(before, after, 3);
  EXPECT_EQ(first.ci95_points, again.ci95_points);
  EXPECT_EQ(first.drop_points, -compare_paired(after, before).drop_points);
}

TEST(Paired, IsNotSureOfWhatItNeverSaw) {
  const EvalResult same = result_of(400, [](int i) { return i < 300; });
  const PairedDifference none = compare_paired(same, same);
  const double exact = 100 * (1 - std::pow(0.025, 1.0 / 400));  // 0.92 points
  EXPECT_NEAR(none.ci95_points[0], -exact, 1e-9);
  EXPECT_NEAR(none.ci95_points[1], exact, 1e-9);
  EXPECT_EQ(images_needed(none, 0.5), 736);  // 0.995^736 < 0.025
  EXPECT_EQ(images_needed(none, 2.0), 400);
  const EvalResult one = result_of(400, [](int i) { return i < 301; });
  EXPECT_NEAR(compare_paired(same, one).ci95_points[1], exact - 0.25, 1e-9);
  EXPECT_NEAR(compare_paired(one, same).ci95_points[0], 0.25 - exact, 1e-9);
}

TEST(Paired, MatchesImagesBySample) {
  EvalResult before = result_of(10, [](int) { return true; });
  EvalResult after = before;
  std::reverse(after.images.begin(), after.images.end());
  after.images.pop_back();  // sample 0
  const PairedDifference difference = compare_paired(before, after);
  EXPECT_EQ(difference.images, 9);
  EXPECT_EQ(difference.drop_points, 0);
  EXPECT_EQ(difference.agreement, 1);
  EXPECT_EQ(difference.mcnemar_p, 1);
  for (ImageResult& image : after.images) image.sample += 100;
  EXPECT_THROW(compare_paired(before, after), Error);
}

TEST(Paired, EstimatesHowManyImagesDecide) {
  PairedDifference difference;
  difference.images = 400;
  difference.lost = 6;
  difference.gained = 4;
  difference.drop_points = 0.5;
  const std::int64_t near = images_needed(difference, 0.6), far = images_needed(difference, 2.0);
  EXPECT_GT(near, 50'000);  // 1.96² · 0.025 / 0.001²
  EXPECT_LT(near, 120'000);
  EXPECT_GE(far, 400);
  EXPECT_LT(far, near);
  EXPECT_EQ(images_needed(difference, 0.5), 0);
}

TEST(McNemar, IsExact) {
  EXPECT_DOUBLE_EQ(mcnemar_exact(0, 0), 1);
  EXPECT_DOUBLE_EQ(mcnemar_exact(5, 5), 1);
  EXPECT_NEAR(mcnemar_exact(10, 0), 2.0 / 1024, 1e-12);
  EXPECT_NEAR(mcnemar_exact(1, 9), 22.0 / 1024, 1e-12);
}

TEST(Paired, SpeaksJson) {
  const EvalResult before = result_of(4, [](int) { return true; });
  const nlohmann::json json = to_json(compare_paired(before, before));
  EXPECT_EQ(json.at("images"), 4);
  EXPECT_EQ(json.at("ci95_points").size(), 2U);
  EXPECT_EQ(to_json(before).at("confusion").at(0).at(0), 4);
}

}  // namespace
}  // namespace fovea
