#include "compiler/timing_cache.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/parallel/parallel.h"
#include "compiler/tactic_key.h"
#include "testing/temp_dir.h"
#include "testing/thrown.h"

namespace fovea {
namespace {

TEST(TimingCache, ReadsWhatItWrites) {
  TimingCache cache;
  cache.put("conv b", 1.0 / 3);
  cache.put("conv a", 12345.6789);
  EXPECT_EQ(cache.text(), "fovea timing cache 1\n12345.679 conv a\n0.333 conv b\n");
  const TimingCache again = TimingCache::parse(cache.text());
  EXPECT_EQ(again.find("conv b"), cache.find("conv b"));
  EXPECT_EQ(again.text(), cache.text());
  EXPECT_EQ(again.find("conv c"), std::nullopt);
}

TEST(TimingCache, MergesFiles) {
  const TempDir dir;
  TimingCache one, two;
  one.put("a", 1);
  one.put("b", 1);
  two.put("b", 2);
  two.put("c", 2);
  one.save(dir.path() / "cache");
  two.save(dir.path() / "cache");
  const TimingCache merged = TimingCache::load(dir.path() / "cache");
  EXPECT_EQ(merged.size(), 3U);
  EXPECT_EQ(TimingCache::parse(one.text() + two.text()).size(), 3U);
  EXPECT_EQ(merged.find("b"), 2.0);
  EXPECT_EQ(TimingCache::load(dir.path() / "none").size(), 0U);
}

TEST(TimingCache, LosesNothingToOneThatSavesAtTheSameTime) {
  const TempDir dir;
  parallel_for(
      2,
      [&](std::int64_t writer) {
        for (int i = 0; i < 25; ++i) {
          TimingCache own;
          own.put(fmt::format("{} {}", writer, i), i);
          own.save(dir.path() / "cache");
        }
      },
      2);
  EXPECT_EQ(TimingCache::load(dir.path() / "cache").size(), 50U);
}

TEST(TimingCache, NamesTheLineThatIsBroken) {
  for (const char* text : {"something else\n", "fovea timing cache 1\n1.5\n", "fovea timing cache 1\nx key\n",
                           "fovea timing cache 1\n-1 key\n", "fovea timing cache 1\nnan key\n",
                           "fovea timing cache 1\n1e999 key\n", "fovea timing cache 1\n1.0 \n"}) {
    const Error error = thrown_by([&] { TimingCache::parse(text); });
    EXPECT_EQ(error.kind(), ErrorKind::kCorruptFile) << text;
    EXPECT_NE(error.message().find("line"), std::string::npos);
  }
}

NodeView add_view(float scale_a, float scale_b) {
  OperandView a{DType::kS8, {1, 4, 2, 2}, Layout::kNhwc, Quantization{{scale_a}, {0}, -1}};
  OperandView b = a;
  b.quant->scale[0] = scale_b;
  return {.name = "add", .op = Binary{}, .inputs = {a, b}, .outputs = {a}, .threads = 2};
}

TEST(TacticKey, SaysWhichScalesAreEqualButNotWhatTheyAre) {
  EXPECT_EQ(view_key(add_view(0.5F, 0.5F)), view_key(add_view(0.1F, 0.1F)));
  EXPECT_NE(view_key(add_view(0.5F, 0.5F)), view_key(add_view(0.5F, 0.1F)));
  NodeView other = add_view(0.5F, 0.5F);
  other.name = "renamed";
  EXPECT_EQ(view_key(other), view_key(add_view(0.5F, 0.5F)));
  other.threads = 1;
  EXPECT_NE(view_key(other), view_key(add_view(0.5F, 0.5F)));
}

}  // namespace
}  // namespace fovea
