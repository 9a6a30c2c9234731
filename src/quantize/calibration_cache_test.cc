#include "quantize/calibration_cache.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/io/file.h"
#include "base/random.h"
#include "testing/temp_dir.h"
#include "testing/thrown.h"

namespace fovea {
namespace {

CachedCalibration found() {
  CachedCalibration made;
  made.report.method = "entropy";
  made.report.images = 200;
  made.report.ranges = {{"conv1", {-1.5F, 3}}, {"pixels", {0, 255}}};
  made.report.divergence = 0.25;
  made.report.repairs = {{"bias correction", "a paper", true, 0.5, 0.25}};
  made.report.sensitivity = {{"conv1", 0.125}};
  made.equalization = {{"conv1", {0.5F, 2}}};
  made.biases = {{"conv1", {1, -1}}};
  return made;
}

TEST(CalibrationCache, ReadsWhatItWrites) {
  const TempDir dir;
  EXPECT_FALSE(load_calibration(dir / "none", "key"));
  EXPECT_FALSE(load_calibration({}, "key"));
  save_calibration(dir / "cache", "key", found());
  const auto read = load_calibration(dir / "cache", "key");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->report.method, "entropy");
  EXPECT_EQ(read->report.images, 200);
  EXPECT_EQ(read->report.ranges, found().report.ranges);
  EXPECT_EQ(read->report.divergence, 0.25);
  ASSERT_EQ(read->report.repairs.size(), 1U);
  EXPECT_EQ(read->report.repairs[0].name, "bias correction");
  EXPECT_TRUE(read->report.repairs[0].applied);
  EXPECT_EQ(read->report.sensitivity, found().report.sensitivity);
  EXPECT_EQ(read->equalization, found().equalization);
  EXPECT_EQ(read->biases, found().biases);
  EXPECT_FALSE(load_calibration(dir / "cache", "another key"));
}

TEST(CalibrationCache, MayLackAllButKeyMethodAndRanges) {
  const TempDir dir;
  write_atomic(dir / "cache", R"({"key": "k", "method": "max", "ranges": {"x": [-1, 1]}})");
  const auto read = load_calibration(dir / "cache", "k");
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->biases.empty());
  EXPECT_LT(read->report.divergence, 0);
}

TEST(CalibrationCache, SaysThatAFileIsNone) {
  const TempDir dir;
  const std::string head = R"({"key": "k", "method": "max", "ranges": )";
  for (const std::string& text :
       {std::string(), std::string("[]"), std::string("{}"),
        std::string(R"({"key": 1, "method": "max", "ranges": {}})"), head + "[]}", head + R"({"x": 1}})",
        head + R"({"x": [1, 2]}})", head + R"({"x": [0, 1e99]}})", head + R"({"x": [0, null]}})",
        head + R"({}, "biases": 3})", head + R"({}, "repairs": [{"name": 3}]})", head + R"({}, "images": []})"}) {
    write_atomic(dir / "cache", text);
    EXPECT_EQ(kind_of([&] { load_calibration(dir / "cache", "k"); }), ErrorKind::kCorruptFile) << text;
  }
}

/// Damaged files are read or refused, and nothing else.
TEST(CalibrationCache, SurvivesDamage) {
  const TempDir dir;
  save_calibration(dir / "cache", "key", found());
  const std::string good = read_text(dir / "cache");
  constexpr std::string_view kLetters = "{}[]\":,-.e0123456789 ntf\xff";
  Random random({7});
  int refused = 0;
  for (int i = 0; i < 600; ++i) {
    std::string bad = good.substr(0, i % 3 == 0 ? random.below(good.size()) : good.size());
    for (int k = 0; k < 3 && !bad.empty(); ++k) bad[random.below(bad.size())] = kLetters[random.below(kLetters.size())];
    write_atomic(dir / "cache", bad);
    try {
      load_calibration(dir / "cache", "key");
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kCorruptFile) << error.message();
      ++refused;
    }
  }
  EXPECT_GT(refused, 100);
}

}  // namespace
}  // namespace fovea
