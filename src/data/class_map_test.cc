#include <gtest/gtest.h>

#include "base/error.h"
#include "base/random.h"
#include "data/dataset.h"

namespace fovea {
namespace {

TEST(ClassMap, ReadsBothForms) {
  const ClassMap tsv = parse_class_map("index\tfolder\tname\r\n# remark\n\n7\tn01\tred fox\r\n0\tn02\n");
  ASSERT_EQ(tsv.entries.size(), 2U);
  EXPECT_EQ(tsv.entries[0].index, 7);
  EXPECT_EQ(tsv.entries[0].name, "red fox");
  EXPECT_EQ(tsv.entries[1].name, "n02");
  const ClassMap json = parse_class_map(to_json_text(tsv));
  ASSERT_EQ(json.entries.size(), 2U);
  EXPECT_EQ(json.entries[0].folder, "n01");
  EXPECT_EQ(json.entries[0].index, 7);
}

TEST(ClassMap, RefusesWhatIsNone) {
  const std::string cases[] = {"",
                               "\n\n",
                               "# remark only",
                               "index\tfolder\n",
                               "0",
                               "0\t",
                               "\tfolder\tname",
                               "x\ta\n0\tb\ny\tc",
                               "-1\ta",
                               "+1\ta\n",
                               "1.5\ta\n",
                               "0x1\ta\n",
                               "99999999999999999999\ta",
                               "0\ta\n4294967296\tb",
                               "0 a b",
                               std::string("0\0\ta", 4),
                               "\xff\xfe\x30\t",
                               "[",
                               "[]",
                               "[1]",
                               "[null]",
                               "[{}]",
                               "[[[[[[[[[[",
                               R"([{"index": 0, "folder": "a"}])",
                               R"([{"index": "0", "folder": "a", "name": "b"}])",
                               R"([{"index": -1, "folder": "a", "name": "b"}])",
                               R"([{"index": 1e300, "folder": "a", "name": "b"}])",
                               R"([{"index": 18446744073709551615, "folder": "a", "name": "b"}])",
                               R"([{"index": 2147483648, "folder": "a", "name": "b"}])",
                               R"([{"index": 0, "folder": 1, "name": "b"}])",
                               R"([{"index": 0, "folder": "a", "name": null}])"};
  for (const std::string& text : cases) EXPECT_THROW(parse_class_map(text), Error) << text;
}

/// Bytes of a good file changed, dropped or doubled at random: an Error or entries that keep the rules.
TEST(ClassMap, SurvivesDamage) {
  const std::string seeds[] = {
      "0\tcat\tCat\n1\tdog\tDog\n2\tbird\tBird\n",
      R"([{"index": 0, "folder": "cat", "name": "Cat"}, {"index": 1, "folder": "d", "name": ""}])"};
  int good = 0, refused = 0;
  for (std::uint64_t round = 0; round < 4000; ++round) {
    Random random({round, 17});
    std::string text = seeds[round % 2];
    for (std::size_t n = 1 + random.below(4); n > 0 && !text.empty(); --n) {
      const std::size_t at = random.below(text.size());
      const std::size_t what = random.below(3);
      if (what == 0) text[at] = static_cast<char>(random.below(256));
      if (what == 1) text.erase(at, 1 + random.below(6));
      if (what == 2) text.insert(at, text.substr(random.below(text.size()), random.below(12)));
    }
    try {
      for (const ClassMap::Entry& entry : parse_class_map(text).entries) ASSERT_GE(entry.index, 0) << text;
      ++good;
    } catch (const Error&) {
      ++refused;
    }
  }
  EXPECT_GT(good, 0);
  EXPECT_GT(refused, 0);
}

TEST(ClassMap, FitsTheModelOrSaysSo) {
  Dataset photos;
  photos.classes = {"cat", "dog"};
  photos.samples.resize(2);
  photos.samples[0].label = 0;
  photos.samples[1].label = 1;
  EXPECT_THROW(apply_class_map(photos, parse_class_map("5\tcat\n1\tdog"), 5), Error);
  EXPECT_THROW(apply_class_map(photos, parse_class_map("0\tcat"), 5), Error);
  apply_class_map(photos, parse_class_map("4\tcat\tCat\n1\tdog"), 5);
  EXPECT_EQ(photos.samples[0].label, 4);
  EXPECT_EQ(photos.classes, (std::vector<std::string>{"class 0", "dog", "class 2", "class 3", "Cat"}));
}

}  // namespace
}  // namespace fovea
