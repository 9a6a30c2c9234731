#include "quantize/gate.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace fovea {
namespace {

/// `images` photos of ten classes, of which the first `wrong` get the next class.
EvalResult result(int images, int wrong) {
  std::vector<ImageResult> all;
  for (int i = 0; i < images; ++i) {
    const int label = i % 10;
    all.push_back({i, label, i < wrong ? (label + 1) % 10 : label, i < wrong ? 1 : 0, 0.5F, 0.5F});
  }
  return summarize(std::move(all), 10);
}

GateResult gate(int images, int lost, double max_drop, bool strict = false) {
  return check_gate(result(images, 0), result(images, lost), {max_drop, strict});
}

TEST(Gate, AllowsExactlyMaxDropAndNotOneImageMore) {
  struct Case {
    int images;
    double max_drop;
    int allowed;
  };
  for (const Case& c : {Case{1000, 0.5, 5}, Case{400, 1.0, 4}, Case{999, 0.5, 4}, Case{200, 0.5, 1}, Case{20, 0.5, 1},
                        Case{1000, 0, 1}, Case{1000, 0.3, 3}, Case{1000, 0.7, 7}}) {
    EXPECT_EQ(gate(c.images, 0, c.max_drop).allowed_losses, c.allowed) << c.images << " " << c.max_drop;
    EXPECT_TRUE(gate(c.images, c.allowed, c.max_drop).passed) << c.images << " " << c.max_drop;
    EXPECT_FALSE(gate(c.images, c.allowed + 1, c.max_drop).passed) << c.images << " " << c.max_drop;
  }
}

TEST(Gate, CountsNetLosses) {
  const EvalResult before = result(1000, 5);
  EXPECT_TRUE(check_gate(before, result(1000, 10), {0.5, false}).passed);
  EXPECT_FALSE(check_gate(before, result(1000, 11), {0.5, false}).passed);
  EXPECT_TRUE(check_gate(before, result(1000, 0), {0, false}).passed) << "a gain is no loss";
}

TEST(Gate, StrictAsksTheIntervalsEnd) {
  const GateResult few = gate(1000, 5, 0.5, true);
  EXPECT_GT(few.difference.ci95_points[1], 0.5);
  EXPECT_FALSE(few.passed);
  const GateResult many = gate(1000, 5, 2, true);
  EXPECT_LE(many.difference.ci95_points[1], 2);
  EXPECT_TRUE(many.passed);
}

TEST(Gate, JudgesTheImagesThatBothSaw) {
  EXPECT_THROW(gate(0, 0, 0.5), Error);
  EvalResult others = result(10, 0);
  for (ImageResult& image : others.images) image.sample += 10;
  EXPECT_THROW(check_gate(result(10, 0), others, {0.5, false}), Error);
  EXPECT_EQ(check_gate(result(10, 0), result(9, 0), {0.5, false}).difference.images, 9);
}

}  // namespace
}  // namespace fovea
