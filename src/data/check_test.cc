#include "data/check.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "base/io/file.h"
#include "testing/photo_folder.h"
#include "testing/temp_dir.h"

namespace fovea {
namespace {

TEST(DropUndecodable, RemovesBadImagesAndMeasuresTheOthers) {
  TempDir dir;
  make_photo_folder(dir.path(), {"a", "b"}, 4, 20);
  write_atomic(dir / "a/bad.jpg", "no image at all");
  Dataset dataset = open_folder(dir.path());
  const ImageFigures figures = drop_undecodable(dataset, {});
  EXPECT_EQ(dataset.samples.size(), 8U);
  ASSERT_EQ(dataset.skipped.size(), 1U);
  EXPECT_EQ(dataset.skipped[0].file.filename(), "bad.jpg");
  EXPECT_EQ(figures.smallest_height, 20);
  EXPECT_EQ(figures.largest_width, 23);
}

TEST(DropUndecodable, KeepsTheFoldersOwnSplit) {
  TempDir dir;
  make_photo_folder(dir / "train", {"a", "b"}, 2, 20, 1);
  make_photo_folder(dir / "val", {"a", "b"}, 1, 20, 2);
  write_atomic(dir / "train/a/000.png", "broken");
  Dataset dataset = open_folder(dir.path());
  drop_undecodable(dataset, {});
  ASSERT_EQ(dataset.own_val.size(), 2U);
  for (const int i : dataset.own_val)
    EXPECT_THAT(dataset.samples[static_cast<std::size_t>(i)].file.string(), ::testing::HasSubstr("/val/"));
}

TEST(DropUndecodable, SaysWhenNothingIsLeft) {
  TempDir dir;
  write_atomic(dir / "a/1.jpg", "x1");
  write_atomic(dir / "b/1.jpg", "x2");
  Dataset dataset = open_folder(dir.path());
  EXPECT_THROW(drop_undecodable(dataset, {}), Error);
  make_photo_folder(dir.path(), {"a"}, 2);
  Dataset one_left = open_folder(dir.path());
  EXPECT_THROW(drop_undecodable(one_left, {}), Error);
}

}  // namespace
}  // namespace fovea
