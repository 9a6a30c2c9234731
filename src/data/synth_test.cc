#include "data/synth.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <map>

#include "base/error.h"
#include "base/io/file.h"
#include "base/parallel/parallel.h"
#include "image/decode.h"

namespace fovea {
namespace {

namespace fs = std::filesystem;

fs::path fresh_folder(const std::string& name) {
  const fs::path folder = fs::path(testing::TempDir()) / ("fovea_synth_" + name);
  fs::remove_all(folder);
  return folder;
}

std::map<std::string, Bytes> files_below(const fs::path& folder) {
  std::map<std::string, Bytes> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file()) files[fs::relative(entry.path(), folder).string()] = read_file(entry.path());
  return files;
}

std::string error_of(const SynthOptions& options) {
  try {
    synthesize(options);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInvalidArgument);
    return error.message();
  }
  return "";
}

TEST(Synth, WritesTheSameBalancedFoldersForAnyNumberOfThreads) {
  const fs::path one = fresh_folder("one");
  const fs::path three = fresh_folder("three");
  const SynthResult result = synthesize({.out = one, .images = 13, .size = 48, .seed = 5, .threads = 1});
  synthesize({.out = three, .images = 13, .size = 48, .seed = 5, .threads = 3});
  EXPECT_THAT(result.classes, testing::ElementsAre("bird", "cat", "dog"));
  EXPECT_EQ(result.images, 13);
  const auto files = files_below(one);
  std::map<std::string, int> counts;
  for (const auto& [path, bytes] : files) ++counts[path.substr(0, path.find('/'))];
  EXPECT_THAT(counts, testing::ElementsAre(testing::Pair("bird", 5), testing::Pair("cat", 4), testing::Pair("dog", 4)));
  EXPECT_EQ(files, files_below(three));
  fs::remove_all(one);
  fs::remove_all(three);
}

TEST(Synth, FilesAreJpegOfTheSizeAskedFor) {
  const fs::path folder = fresh_folder("size");
  synthesize({.out = folder, .images = 3, .size = 100, .seed = 1});
  for (const auto& [path, bytes] : files_below(folder)) {
    EXPECT_THAT(path, testing::EndsWith(".jpg"));
    const Image image = decode(bytes);
    EXPECT_EQ(image.width, 100) << path;
    EXPECT_EQ(image.height, 100) << path;
  }
  fs::remove_all(folder);
}

TEST(Synth, APictureDependsOnClassSeedAndIndexAndOnNothingElse) {
  const Image cat = synth_image(1, 64, 7, 3);
  EXPECT_EQ(cat.pixels, synth_image(1, 64, 7, 3).pixels);
  EXPECT_NE(cat.pixels, synth_image(2, 64, 7, 3).pixels);
  EXPECT_NE(cat.pixels, synth_image(1, 64, 8, 3).pixels);
  EXPECT_NE(cat.pixels, synth_image(1, 64, 7, 4).pixels);
}

TEST(Synth, PicturesHaveContrastAtEverySize) {
  for (const int size : {32, 97, 300})
    for (int c = 0; c < 3; ++c) {
      const Image image = synth_image(c, size, 1, 1);
      ASSERT_EQ(image.pixels.size(), static_cast<std::size_t>(size) * static_cast<std::size_t>(size) * 3);
      const auto [low, high] = std::minmax_element(image.pixels.begin(), image.pixels.end());
      EXPECT_GT(*high - *low, 80) << size << " " << c;
    }
}

TEST(Synth, SaysWhichOptionIsOutOfRange) {
  const fs::path folder = fresh_folder("invalid");
  EXPECT_THAT(error_of({.out = {}}), testing::StartsWith("[synth] no folder"));
  EXPECT_THAT(error_of({.out = folder, .images = 2}), testing::HasSubstr("2 images"));
  EXPECT_THAT(error_of({.out = folder, .size = 31}), testing::HasSubstr("size 31"));
  EXPECT_THAT(error_of({.out = folder, .size = 2049}), testing::HasSubstr("size 2049"));
  EXPECT_FALSE(fs::exists(folder));
  EXPECT_THROW(synth_image(3, 64, 1, 1), Error);
  EXPECT_THROW(synth_image(-1, 64, 1, 1), Error);
}

/// 32 × 32 × 3 values of pictures 64 × 64 by averaging 2 × 2, centred.
std::vector<std::vector<double>> small_pictures(int count) {
  std::vector<std::vector<double>> rows(static_cast<std::size_t>(count), std::vector<double>(32 * 32 * 3));
  parallel_for(count, [&](std::int64_t i) {
    Image image = synth_image(static_cast<int>(i % 3), 64, 1, static_cast<std::uint64_t>(i / 3));
    std::vector<double>& row = rows[static_cast<std::size_t>(i)];
    for (int y = 0; y < 64; ++y)
      for (int x = 0; x < 64; ++x)
        for (int c = 0; c < 3; ++c)
          row[static_cast<std::size_t>(((y / 2) * 32 + x / 2) * 3 + c)] += (image.at(x, y)[c] - 127.5) / (4 * 127.5);
  });
  return rows;
}

double inner(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 1;  // the offset
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

/// Solves the symmetric system in place by Gauss–Jordan elimination; three right-hand sides.
std::vector<std::array<double, 3>> solve(std::vector<std::vector<double>> a, std::vector<std::array<double, 3>> b) {
  for (std::size_t k = 0; k < a.size(); ++k)
    for (std::size_t i = 0; i < a.size(); ++i) {
      if (i == k) continue;
      const double factor = a[i][k] / a[k][k];
      for (std::size_t j = k; j < a.size(); ++j) a[i][j] -= factor * a[k][j];
      for (std::size_t c = 0; c < 3; ++c) b[i][c] -= factor * b[k][c];
    }
  for (std::size_t k = 0; k < a.size(); ++k)
    for (double& value : b[k]) value /= a[k][k];
  return b;
}

TEST(Synth, ALinearClassifierOnSmallPixelsDoesNotTellTheClassesApart) {
  constexpr std::size_t kTrain = 300;
  const auto rows = small_pictures(400);
  std::vector<std::vector<double>> gram(kTrain, std::vector<double>(kTrain));
  std::vector<std::array<double, 3>> targets(kTrain);
  for (std::size_t i = 0; i < kTrain; ++i) {
    for (std::size_t j = 0; j < kTrain; ++j) gram[i][j] = inner(rows[i], rows[j]) + (i == j ? 30.0 : 0.0);
    for (std::size_t c = 0; c < 3; ++c) targets[i][c] = i % 3 == c ? 1 : 0;
  }
  const auto weights = solve(std::move(gram), std::move(targets));
  int right = 0;
  for (std::size_t t = kTrain; t < rows.size(); ++t) {
    std::array<double, 3> score{};
    for (std::size_t i = 0; i < kTrain; ++i)
      for (std::size_t c = 0; c < 3; ++c) score[c] += weights[i][c] * inner(rows[i], rows[t]);
    const auto best = std::max_element(score.begin(), score.end()) - score.begin();
    if (static_cast<std::size_t>(best) == t % 3) ++right;
  }
  EXPECT_LT(right, 70);  // of 100; chance is 33
  EXPECT_GT(right, 20);
}

}  // namespace
}  // namespace fovea
