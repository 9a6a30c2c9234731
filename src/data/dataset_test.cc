#include "data/dataset.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "base/io/file.h"
#include "testing/photo_folder.h"
#include "testing/temp_dir.h"

namespace fovea {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string message_of(const std::filesystem::path& root) {
  try {
    open_folder(root);
  } catch (const Error& error) {
    return error.message();
  }
  return "no error";
}

TEST(Dataset, ReadsClassesSortedAndAnyDepthBelowThem) {
  TempDir dir;
  make_photo_folder(dir.path(), {"zebra", "ant"}, 3);
  write_atomic(dir / "ant/deep/er/photo.PNG", read_text(dir / "ant/000.png"));
  write_atomic(dir / "ant/notes.txt", "not an image");
  write_atomic(dir / ".hidden/a.png", "x");
  std::filesystem::create_directories(dir / "empty");
  const Dataset dataset = open_folder(dir.path());
  EXPECT_THAT(dataset.classes, ElementsAre("ant", "zebra"));
  ASSERT_EQ(dataset.samples.size(), 7U);
  EXPECT_EQ(dataset.samples[0].label, 0);
  EXPECT_EQ(dataset.samples[6].label, 1);
  EXPECT_EQ(dataset.samples[0].hash.size(), 32U);
  EXPECT_FALSE(dataset.has_own_split);
}

TEST(Dataset, SaysWhatIsMissing) {
  TempDir dir;
  EXPECT_THAT(message_of(dir / "nowhere"), HasSubstr("no such folder"));
  EXPECT_THAT(message_of(dir.path()), HasSubstr("no class folder with images"));
  make_photo_folder(dir.path(), {"only"}, 2);
  EXPECT_THAT(message_of(dir.path()), HasSubstr("one class (only)"));
  EXPECT_THAT(message_of(dir / "only/000.png"), HasSubstr("is not a folder"));
}

TEST(Dataset, SkipsAFileOverTheLimitAndCountsIt) {
  TempDir dir;
  make_photo_folder(dir.path(), {"a", "b"}, 2);
  write_atomic(dir / "a/huge.jpg", std::string(100000, 'x'));
  DatasetOptions options;
  options.limits.max_bytes = 50000;
  const Dataset dataset = open_folder(dir.path(), options);
  EXPECT_EQ(dataset.samples.size(), 4U);
  ASSERT_EQ(dataset.skipped.size(), 1U);
  EXPECT_THAT(dataset.skipped[0].reason, HasSubstr("limit is 50000"));
}

TEST(Dataset, HonoursTrainAndValFolders) {
  TempDir dir;
  make_photo_folder(dir / "train", {"a", "b"}, 3, 48, 1);
  make_photo_folder(dir / "val", {"a", "b"}, 1, 48, 2);
  const Dataset dataset = open_folder(dir.path());
  EXPECT_TRUE(dataset.has_own_split);
  EXPECT_EQ(dataset.samples.size(), 8U);
  EXPECT_THAT(dataset.own_val, ElementsAre(6, 7));
}

TEST(Dataset, KnowsWhatOthersCallTheParts) {
  for (const auto& [train, held_out] :
       {std::pair("train", "test"), std::pair("Training", "Validation"), std::pair("train", "valid")}) {
    TempDir dir;
    make_photo_folder(dir / train, {"a", "b"}, 3, 48, 1);
    make_photo_folder(dir / held_out, {"a", "b"}, 1, 48, 2);
    const Dataset dataset = open_folder(dir.path());
    EXPECT_TRUE(dataset.has_own_split) << held_out;
    EXPECT_THAT(dataset.classes, ElementsAre("a", "b"));
    EXPECT_THAT(dataset.own_val, ElementsAre(6, 7));
  }
}

TEST(Dataset, LeavesTestOutWhereThereIsVal) {
  TempDir dir;
  for (const char* part : {"train", "val", "test"})
    make_photo_folder(dir / part, {"a", "b"}, 1, 48, static_cast<std::uint64_t>(part[1]));
  const Dataset dataset = open_folder(dir.path());
  EXPECT_EQ(dataset.samples.size(), 4U);
  EXPECT_THAT(dataset.samples.back().file.string(), HasSubstr("/val/b/"));
}

TEST(Dataset, ClassesMayBeCalledLikeParts) {
  TempDir dir;
  make_photo_folder(dir.path(), {"test", "train"}, 2);  // photos right below them
  const Dataset dataset = open_folder(dir.path());
  EXPECT_THAT(dataset.classes, ElementsAre("test", "train"));
  EXPECT_FALSE(dataset.has_own_split);
}

TEST(Dataset, ValAloneIsAPartAndNoClass) {
  TempDir dir;
  make_photo_folder(dir / "val", {"ant", "bee"}, 2);
  const Dataset dataset = open_folder(dir.path());
  EXPECT_THAT(dataset.classes, ElementsAre("ant", "bee"));
  EXPECT_EQ(dataset.own_val.size(), 4U);
}

TEST(ClassMap, RelabelsByFolderAndReadsBothForms) {
  TempDir dir;
  make_photo_folder(dir.path(), {"n01", "n02"}, 1);
  write_atomic(dir / "labels.tsv", "class\tfolder\tname\n7\tn02\tcat\n2\tn01\tdog\n");
  const ClassMap map = read_class_map(dir / "labels.tsv");
  EXPECT_EQ(to_json_text(parse_class_map(to_json_text(map))), to_json_text(map));
  Dataset dataset = open_folder(dir.path());
  apply_class_map(dataset, map, 10);
  EXPECT_EQ(dataset.samples[0].label, 2);
  EXPECT_EQ(dataset.samples[1].label, 7);
  EXPECT_EQ(dataset.classes[7], "cat");
  EXPECT_EQ(dataset.classes.size(), 10U);
  Dataset again = open_folder(dir.path());
  EXPECT_THROW(apply_class_map(again, map, 5), Error);
}

TEST(ClassMap, RefusesBadLines) {
  for (const char* index : {"-1", "-2147483649", "99999999999"})
    EXPECT_THROW(parse_class_map(fmt::format(R"([{{"index":{},"folder":"a","name":"b"}}])", index)), Error) << index;
  EXPECT_THROW(parse_class_map("1\ta\tb\nx\tc\td\n"), Error);
  EXPECT_THROW(parse_class_map("-1\ta\tb\n"), Error);
  EXPECT_THROW(parse_class_map(""), Error);
  EXPECT_THROW(parse_class_map("[{\"index\": 1}]"), Error);
}

}  // namespace
}  // namespace fovea
