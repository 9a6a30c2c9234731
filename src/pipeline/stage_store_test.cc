#include "pipeline/stage_store.h"

#include <gtest/gtest.h>

#include "base/io/file.h"
#include "testing/temp_dir.h"

namespace fovea {
namespace {

StageTrace stage() {
  StageTrace made;
  made.id = "data_in";
  made.title = "Data in";
  made.output = "3 × 8 × 8";
  made.seconds = 1.5;
  made.details["classes"] = {"cat", "dog"};
  return made;
}

TEST(StageStore, GivesBackWhatFinishedWithTheSameKey) {
  const TempDir folder;
  const StageStore store(folder.path(), false);
  const std::string key = stage_key({{"seed", 1}});
  EXPECT_FALSE(store.find("data_in", key));
  store.keep(stage(), key);
  const auto found = store.find("data_in", key);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->output, stage().output);
  EXPECT_EQ(found->details, stage().details);
  EXPECT_FALSE(store.find("data_in", stage_key({{"seed", 2}})));
  EXPECT_FALSE(store.find("training", key));
  EXPECT_FALSE(StageStore(folder.path(), true).find("data_in", key)) << "forced";
}

TEST(StageStore, DoesAStageAnewWhoseFileIsDamaged) {
  const TempDir folder;
  const StageStore store(folder.path(), false);
  const std::string key = stage_key({{"seed", 1}});
  store.keep(stage(), key);
  const std::filesystem::path file = folder.path() / ".stages" / "data_in.json";
  const std::string good = read_text(file);
  for (std::size_t length = 0; length < good.size(); length += 7) {
    write_atomic(file, good.substr(0, length));
    EXPECT_FALSE(store.find("data_in", key)) << length;
  }
  const std::string start = "{\"key\": \"" + key + "\"";
  for (const std::string& text :
       {std::string("[]"), std::string("null"), std::string("{\"key\": 3}"), start + "}", start + ", \"trace\": 3}",
        start + ", \"trace\": {\"stages\": []}}", start + ", \"trace\": {\"stages\": [3]}}"}) {
    write_atomic(file, text);
    EXPECT_FALSE(store.find("data_in", key)) << text;
  }
  store.keep(stage(), key);
  EXPECT_TRUE(store.find("data_in", key));
}

TEST(StageStore, KeysTellInputsApart) {
  EXPECT_EQ(stage_key({{"a", 1}, {"b", 2}}), stage_key({{"b", 2}, {"a", 1}}));
  EXPECT_NE(stage_key({{"a", 1}}), stage_key({{"a", "1"}}));
  EXPECT_NO_THROW(stage_key({{"path", "\xff\xfe"}}));
}

}  // namespace
}  // namespace fovea
