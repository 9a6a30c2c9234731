#include "eval/evaluate.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <numeric>

#include "base/error.h"
#include "eval/engine_runner.h"
#include "testing/photo_folder.h"
#include "testing/plain_engine.h"
#include "testing/temp_dir.h"

namespace fovea {
namespace {

/// Sure of the strongest colour channel.
class ColorRunner final : public Runner {
 public:
  const PreprocessSpec& preprocess() const override { return spec_; }
  int classes() const override { return 3; }
  std::string description() const override { return "colour"; }
  void run(std::span<const std::uint8_t> pixels, int n, std::span<float> probabilities) override {
    const std::size_t bytes = spec_.pixel_bytes();
    for (std::size_t i = 0; i < static_cast<std::size_t>(n); ++i) {
      std::array<double, 3> sum = {0, 0, 0};
      for (std::size_t at = 0; at < bytes; ++at) sum[at % 3] += pixels[i * bytes + at];
      const double all = sum[0] + sum[1] + sum[2];
      for (std::size_t c = 0; c < 3; ++c) probabilities[3 * i + c] = static_cast<float>(sum[c] / all);
    }
    ++runs;
  }
  int runs = 0;

 private:
  PreprocessSpec spec_ = PreprocessSpec::unit(16);
};

std::vector<int> all_samples(const Dataset& dataset) {
  std::vector<int> samples(dataset.samples.size());
  std::iota(samples.begin(), samples.end(), 0);
  return samples;
}

TEST(Evaluate, CountsWhatTheRunnerSays) {
  const TempDir dir;
  make_photo_folder(dir.path(), {"a_red", "b_green", "c_blue"}, 5);
  const Dataset dataset = open_folder(dir.path());
  ColorRunner runner;
  EvalOptions options;
  options.batch = 4;
  int last = 0;
  options.progress = [&](int done, int all) {
    EXPECT_EQ(all, 15);
    EXPECT_GT(done, last);
    last = done;
  };
  const EvalResult result = evaluate(runner, dataset, all_samples(dataset), options);
  EXPECT_EQ(last, 15);
  EXPECT_EQ(runner.runs, 4);
  EXPECT_EQ(result.images.size(), 15U);
  EXPECT_EQ(result.top1, 1.0);
  EXPECT_EQ(result.top5, 1.0);
  for (std::size_t k = 0; k < 3; ++k) EXPECT_EQ(result.confusion[k][k], 5);
  for (std::size_t i = 0; i < 15; ++i) EXPECT_EQ(result.images[i].sample, static_cast<int>(i));
}

TEST(Evaluate, CountsPhotosThatDoNotDecode) {
  const TempDir dir;
  make_photo_folder(dir.path(), {"a", "b"}, 3);
  std::ofstream(dir.path() / "a" / "broken.png") << "not a picture";
  const Dataset dataset = open_folder(dir.path());
  ColorRunner runner;
  const EvalResult result = evaluate(runner, dataset, all_samples(dataset));
  EXPECT_EQ(result.images.size(), 6U);
  EXPECT_EQ(result.skipped, 1);
}

TEST(Evaluate, WantsAClassForEveryLabel) {
  const TempDir dir;
  make_photo_folder(dir.path(), {"a", "b", "c", "d"}, 1);
  const Dataset dataset = open_folder(dir.path());
  ColorRunner runner;
  EXPECT_THROW(evaluate(runner, dataset, all_samples(dataset)), Error);
}

TEST(Judge, BreaksTiesByIndexAndRanksTheTruth) {
  const std::vector<float> p = {0.4F, 0.4F, 0.2F, 0.1F, 0.2F, 0.7F};
  const std::vector<int> labels = {1, 0}, samples = {7, 9};
  const auto results = judge(p, 3, labels, samples);
  EXPECT_EQ(results[0].predicted, 0);
  EXPECT_EQ(results[0].rank, 1);
  EXPECT_EQ(results[0].sample, 7);
  EXPECT_EQ(results[1].predicted, 2);
  EXPECT_EQ(results[1].rank, 2);
  EXPECT_FLOAT_EQ(results[1].probability, 0.7F);
  const EvalResult sum = summarize(results, 3);
  EXPECT_EQ(sum.top1, 0.0);
  EXPECT_EQ(sum.top5, 1.0);
  EXPECT_NEAR(sum.mean_loss, -(std::log(0.4) + std::log(0.1)) / 2, 1e-6);
  EXPECT_EQ(sum.confusion[1][0], 1);
  EXPECT_EQ(sum.confusion[0][2], 1);
}

TEST(Judge, TakesWhatIsNotANumberForWrong) {
  const float nan = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity();
  const std::vector<float> p = {nan, nan, nan, 0.2F, inf, 0.1F, 0.7F, 0.2F, 0.1F};
  const std::vector<int> labels = {0, 1, 0}, samples = {0, 1, 2};
  const EvalResult sum = summarize(judge(p, 3, labels, samples), 3);
  EXPECT_EQ(sum.not_finite, 2);
  EXPECT_DOUBLE_EQ(sum.top1, 1.0 / 3);
  EXPECT_DOUBLE_EQ(sum.top5, 1.0 / 3);
  EXPECT_TRUE(std::isfinite(sum.mean_loss));
  EXPECT_EQ(sum.confusion[0][0], 1);
  EXPECT_EQ(sum.confusion[1][1], 0);
}

TEST(Evaluate, KnowsWhatGuessingWouldGive) {
  const auto right = [](int n, int count) {
    std::vector<ImageResult> images;
    for (int i = 0; i < n; ++i) images.push_back({i, 0, i < count ? 0 : 1, 0, 0.5F, 0.5F});
    return summarize(images, 10);
  };
  EXPECT_TRUE(near_chance(right(100, 10)));
  EXPECT_TRUE(near_chance(right(100, 15)));
  EXPECT_FALSE(near_chance(right(100, 20)));
  EXPECT_FALSE(near_chance(right(10, 1)));  // too few to say
}

TEST(EngineRunner, GivesTensorEnginesTheSameValuesAsPixelEngines) {
  PreprocessSpec spec = PreprocessSpec::unit(4);
  spec.mean = {0.1F, 0.2F, 0.3F};
  spec.std = {0.5F, 0.25F, 2.0F};
  const Backend& backend = cpu_backend_for_tests();
  const auto device = backend.open(Isa::kAmx, 0);
  std::vector<std::vector<float>> results;
  for (const bool pixels : {true, false}) {
    Engine engine = plain_engine(pooling_classifier(spec, pixels), backend, *device, {{1}, 1, "reference", {}});
    engine.info.preprocess = spec;
    EngineRunner runner(Executor::make(std::make_shared<Engine>(std::move(engine)), backend, device));
    EXPECT_EQ(runner.classes(), 3);
    std::vector<std::uint8_t> input(2 * spec.pixel_bytes());
    for (std::size_t i = 0; i < input.size(); ++i) input[i] = static_cast<std::uint8_t>(i * 37);
    results.emplace_back(6);
    runner.run(input, 2, results.back());
    EXPECT_THROW(runner.run(input, 1, results.back()), Error);
  }
  for (std::size_t i = 0; i < 6; ++i) EXPECT_NEAR(results[0][i], results[1][i], 1e-6);
}

}  // namespace
}  // namespace fovea
