#include "data/loader.h"

#include <gmock/gmock.h>

#include <numeric>

#include "base/error.h"
#include "base/io/file.h"
#include "data/check.h"
#include "image/encode.h"
#include "testing/memory_limit.h"
#include "testing/photo_folder.h"
#include "testing/temp_dir.h"

namespace fovea {
namespace {

std::vector<int> all_of(const Dataset& dataset) {
  std::vector<int> order(dataset.samples.size());
  std::iota(order.begin(), order.end(), 0);
  return order;
}

std::vector<Batch> load_all(const Dataset& dataset, LoaderOptions options) {
  Loader loader(dataset, std::move(options));
  std::vector<Batch> batches;
  while (std::optional<Batch> batch = loader.next()) batches.push_back(std::move(*batch));
  return batches;
}

TEST(Loader, GivesEveryImageInOrderForAnyNumberOfThreads) {
  TempDir dir;
  make_photo_folder(dir.path(), {"a", "b", "c"}, 9);
  const Dataset dataset = open_folder(dir.path());
  LoaderOptions options;
  options.spec = PreprocessSpec::unit(16);
  options.batch = 4;
  options.order = shuffled(all_of(dataset), 5, 0);
  options.augmentation = Augmentation::by_name("standard");
  options.threads = 1;
  const std::vector<Batch> one = load_all(dataset, options);
  options.threads = 3;
  options.ahead = 2;
  const std::vector<Batch> three = load_all(dataset, options);
  ASSERT_EQ(one.size(), 7U);
  ASSERT_EQ(three.size(), 7U);
  std::vector<int> seen;
  for (std::size_t i = 0; i < one.size(); ++i) {
    EXPECT_EQ(one[i].pixels, three[i].pixels);
    EXPECT_EQ(one[i].labels, three[i].labels);
    seen.insert(seen.end(), one[i].samples.begin(), one[i].samples.end());
  }
  EXPECT_EQ(seen, options.order);
}

TEST(Loader, LeavesOutWhatDoesNotDecode) {
  TempDir dir;
  make_photo_folder(dir.path(), {"a", "b"}, 3);
  write_atomic(dir / "a/000.png", "this is no image");
  const Dataset dataset = open_folder(dir.path());
  LoaderOptions options;
  options.spec = PreprocessSpec::unit(8);
  options.batch = 4;
  options.order = all_of(dataset);
  Loader loader(dataset, options);
  const std::optional<Batch> first = loader.next();
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->size(), 3);
  EXPECT_THAT(first->samples, ::testing::ElementsAre(1, 2, 3));
  EXPECT_EQ(first->pixels.size(), 3U * 8 * 8 * 3);
  EXPECT_EQ(loader.next()->size(), 2);
  EXPECT_FALSE(loader.next().has_value());
  ASSERT_EQ(loader.skipped().size(), 1U);
  EXPECT_EQ(loader.skipped()[0].file.filename(), "000.png");
}

/// Writes `file` as a JPEG whose header says side × side pixels.
void write_claimed_jpeg(const std::filesystem::path& file, unsigned side) {
  Bytes jpeg = encode_jpeg(colored_photo(0, 1, 16, 16), 80);
  for (std::size_t i = 0; i + 9 < jpeg.size(); ++i) {
    if (jpeg[i] != std::byte{0xFF} || jpeg[i + 1] != std::byte{0xC0}) continue;
    for (const std::size_t at : {i + 5, i + 7}) {
      jpeg[at] = static_cast<std::byte>(side >> 8);
      jpeg[at + 1] = static_cast<std::byte>(side & 0xFF);
    }
    break;
  }
  write_atomic(file, jpeg);
}

TEST(Loader, SkipsAPhotoThatMemoryCannotHold) {
  if (!kMemoryCanBeLimited) GTEST_SKIP() << "a sanitizer needs the address space that this limits";
  TempDir dir;
  make_photo_folder(dir.path(), {"a", "b"}, 2);
  write_claimed_jpeg(dir.path() / "a" / "001.png", 60'000);  // 10.8 GB
  Dataset dataset = open_folder(dir.path());
  LoaderOptions options;
  options.spec = PreprocessSpec::unit(8);
  options.limits.max_pixels = 4'000'000'000;
  options.order = all_of(dataset);
  const MemoryLimit limit(std::uint64_t{2} << 30);
  Loader loader(dataset, options);
  EXPECT_EQ(loader.next()->size(), 3);
  ASSERT_EQ(loader.skipped().size(), 1U);
  EXPECT_THAT(loader.skipped()[0].reason, ::testing::HasSubstr("memory"));
  drop_undecodable(dataset, options.limits);
  EXPECT_EQ(dataset.samples.size(), 3U);
}

TEST(Loader, WorksOrSaysSoWhereThreadsCannotStart) {
  if (!kMemoryCanBeLimited) GTEST_SKIP() << "a sanitizer needs the address space that this limits";
  TempDir dir;
  make_photo_folder(dir.path(), {"a", "b"}, 2);
  const Dataset dataset = open_folder(dir.path());
  LoaderOptions options;
  options.spec = PreprocessSpec::unit(8);
  options.order = all_of(dataset);
  options.threads = 500;                              // stacks of 8 MiB each
  const MemoryLimit limit(std::uint64_t{400} << 20);  // some of them start
  Loader loader(dataset, options);
  EXPECT_EQ(loader.next()->size(), 4);
}

TEST(Loader, CanBeLeftBeforeTheEnd) {
  TempDir dir;
  make_photo_folder(dir.path(), {"a", "b"}, 20);
  const Dataset dataset = open_folder(dir.path());
  LoaderOptions options;
  options.spec = PreprocessSpec::unit(32);
  options.batch = 2;
  options.order = all_of(dataset);
  Loader loader(dataset, options);
  EXPECT_EQ(loader.next()->size(), 2);
}

TEST(Augment, DependsOnItsKeysOnly) {
  const Image photo = colored_photo(1, 3, 60, 40);
  const PreprocessSpec spec = PreprocessSpec::unit(24);
  std::vector<std::uint8_t> a(spec.pixel_bytes()), b(spec.pixel_bytes()), c(spec.pixel_bytes());
  const Augmentation strong = Augmentation::by_name("strong");
  augment(photo.view(), spec, strong, Random{1, 2, 3}, a);
  augment(photo.view(), spec, strong, Random{1, 2, 3}, b);
  augment(photo.view(), spec, strong, Random{1, 3, 3}, c);
  EXPECT_EQ(a, b);
  EXPECT_NE(a, c);
  EXPECT_THROW(Augmentation::by_name("wild"), Error);
}

TEST(Augment, FlipMirrorsTheRows) {
  const Image photo = colored_photo(0, 3, 30, 20);
  const PreprocessSpec spec = PreprocessSpec::unit(10);
  std::vector<std::uint8_t> plain(spec.pixel_bytes()), flipped(spec.pixel_bytes());
  preprocess(photo.view(), spec, plain);
  augment(photo.view(), spec, {1.0, 1.0, 0.0F}, Random{1}, flipped);
  for (int y = 0; y < 10; ++y)
    for (int x = 0; x < 10; ++x)
      for (int c = 0; c < 3; ++c)
        EXPECT_EQ(flipped[static_cast<std::size_t>((y * 10 + x) * 3 + c)],
                  plain[static_cast<std::size_t>((y * 10 + 9 - x) * 3 + c)]);
}

TEST(Augment, WithoutChangesIsPreprocess) {
  const Image photo = colored_photo(2, 4, 33, 50);
  PreprocessSpec spec = PreprocessSpec::unit(12);
  spec.color = ColorOrder::kBgr;
  std::vector<std::uint8_t> plain(spec.pixel_bytes()), same(spec.pixel_bytes());
  preprocess(photo.view(), spec, plain);
  augment(photo.view(), spec, Augmentation::by_name("none"), Random{1}, same);
  EXPECT_EQ(plain, same);
}

}  // namespace
}  // namespace fovea
