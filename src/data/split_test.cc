#include "data/split.h"

#include <gmock/gmock.h>

#include <map>
#include <set>

#include "base/error.h"

namespace fovea {
namespace {

using ::testing::Contains;
using ::testing::IsSupersetOf;
using ::testing::Not;

Dataset dataset_of(const std::vector<int>& per_class) {
  Dataset dataset;
  for (std::size_t label = 0; label < per_class.size(); ++label) {
    dataset.classes.push_back("c" + std::to_string(label));
    for (int i = 0; i < per_class[label]; ++i)
      dataset.samples.push_back(
          {"f", static_cast<int>(label), 1, "h" + std::to_string(label) + "_" + std::to_string(i)});
  }
  return dataset;
}

TEST(DataSplit, IsStratifiedDisjointAndComplete) {
  const Dataset dataset = dataset_of({50, 100, 10});
  const DataSplit split = make_split(dataset, 0.2, 7);
  const std::vector<int> train = part_of(dataset, split, Part::kTrain);
  const std::vector<int> val = part_of(dataset, split, Part::kVal);
  EXPECT_EQ(train.size() + val.size(), 160U);
  std::map<int, int> counts;
  for (const int i : val) ++counts[dataset.samples[static_cast<std::size_t>(i)].label];
  EXPECT_EQ(counts[0], 10);
  EXPECT_EQ(counts[1], 20);
  EXPECT_EQ(counts[2], 2);
  std::set<int> both(train.begin(), train.end());
  for (const int i : val) EXPECT_FALSE(both.contains(i));
}

TEST(DataSplit, IsAFunctionOfSeedAndContentNotOfOrder) {
  Dataset dataset = dataset_of({30, 30});
  const DataSplit split = make_split(dataset, 0.3, 1);
  std::ranges::reverse(dataset.samples);
  EXPECT_EQ(make_split(dataset, 0.3, 1).val, split.val);
  EXPECT_NE(make_split(dataset, 0.3, 2).val, split.val);
}

TEST(DataSplit, KeepsTheSameContentOnOneSide) {
  Dataset dataset = dataset_of({20, 20});
  for (int i = 0; i < 20; ++i) dataset.samples.push_back({"copy", 1, 1, "h0_" + std::to_string(i)});
  const DataSplit split = make_split(dataset, 0.5, 3);
  std::set<std::string> train(split.train.begin(), split.train.end());
  for (const std::string& hash : split.val) EXPECT_FALSE(train.contains(hash));
}

TEST(DataSplit, OneImagePerClassIsSplitAsOnePool) {
  const Dataset dataset = dataset_of(std::vector<int>(500, 1));
  const DataSplit split = make_split(dataset, 0.8, 1);
  EXPECT_EQ(split.val.size(), 400U);
  EXPECT_EQ(split.train.size(), 100U);
  const Dataset mixed = dataset_of({1, 10});
  const DataSplit kept = make_split(mixed, 0.5, 1);
  EXPECT_EQ(kept.val.size(), 6U);
  EXPECT_THAT(kept.train, ::testing::Contains("h0_0"));
}

TEST(DataSplit, NewImagesAreSplitAndKnownOnesStayWhereTheyWere) {
  const Dataset before = dataset_of({20, 20});
  const DataSplit known = make_split(before, 0.2, 1);
  const Dataset after = dataset_of({40, 30});
  const DataSplit split = extend_split(after, known, 0.2, 9);
  EXPECT_EQ(part_of(after, split, Part::kVal).size(), 8U + 6U);
  EXPECT_EQ(part_of(after, split, Part::kTrain).size(), 32U + 24U);
  for (const std::string& hash : known.train) EXPECT_THAT(split.val, Not(Contains(hash)));
  EXPECT_THAT(split.val, IsSupersetOf(known.val));
  EXPECT_EQ(extend_split(before, known, 0.5, 9).val, known.val);
}

TEST(DataSplit, TravelsAsText) {
  const DataSplit split = make_split(dataset_of({5, 5}), 0.4, 9);
  const DataSplit again = split_from_json_text(to_json_text(split));
  EXPECT_EQ(again.train, split.train);
  EXPECT_EQ(again.val, split.val);
  EXPECT_EQ(again.seed, 9U);
  EXPECT_THROW(split_from_json_text("{\"seed\": 1}"), Error);
  EXPECT_THROW(split_from_json_text("nonsense"), Error);
  EXPECT_THROW(make_split(dataset_of({2, 2}), 1.0, 1), Error);
}

TEST(Draw, SpreadsOverTheClasses) {
  const Dataset dataset = dataset_of({100, 10, 3});
  const std::vector<int> drawn = draw(dataset, part_of(dataset, {}, Part::kAll), 12, 1);
  std::map<int, int> counts;
  for (const int i : drawn) ++counts[dataset.samples[static_cast<std::size_t>(i)].label];
  EXPECT_EQ(drawn.size(), 12U);
  EXPECT_EQ(counts[2], 3);
  EXPECT_GE(counts[1], 4);
  EXPECT_EQ(draw(dataset, part_of(dataset, {}, Part::kAll), 1000, 1).size(), 113U);
}

}  // namespace
}  // namespace fovea
