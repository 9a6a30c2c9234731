#include "engine/layout.h"

#include <gtest/gtest.h>

#include <numeric>

#include "engine/cover.h"

namespace fovea {
namespace {

template <typename T>
void expect_round_trip(const Shape& shape, Layout layout) {
  const OperandView view{DTypeOf<T>::value, shape, layout, std::nullopt, false, true};
  std::vector<T> values(static_cast<std::size_t>(shape.elements()));
  std::iota(values.begin(), values.end(), T{1});
  const Tensor plain = Tensor::of<T>(shape, values);
  std::vector<std::byte> stored(byte_size(view), std::byte{0x7f});
  from_plain(plain, view, stored);
  EXPECT_TRUE(to_plain(stored, view).same(plain)) << name(layout) << ' ' << shape.str();
}

TEST(Layout, GoesAndComesBack) {
  for (const Layout layout : {Layout::kPlain, Layout::kNhwc, Layout::kBlocked16})
    for (const Shape& shape : {Shape{1, 3, 2, 2}, Shape{2, 16, 1, 3}, Shape{1, 17, 1, 1}, Shape{2, 33, 2, 1}}) {
      expect_round_trip<std::uint8_t>(shape, layout);
      expect_round_trip<std::int16_t>(shape, layout);
      expect_round_trip<float>(shape, layout);
      expect_round_trip<double>(shape, layout);
    }
  expect_round_trip<float>({2, 5}, Layout::kPlain);
}

TEST(Layout, PutsChannelsWhereTheNamesSay) {
  const Tensor plain = Tensor::of<std::uint8_t>({1, 2, 1, 2}, {1, 2, 11, 12});
  OperandView view{DType::kU8, plain.shape(), Layout::kNhwc, std::nullopt, false, true};
  std::vector<std::byte> stored(byte_size(view));
  from_plain(plain, view, stored);
  EXPECT_EQ(stored, (std::vector<std::byte>{std::byte{1}, std::byte{11}, std::byte{2}, std::byte{12}}));
  view.layout = Layout::kBlocked16;
  stored.assign(byte_size(view), std::byte{0x7f});
  from_plain(plain, view, stored);
  ASSERT_EQ(stored.size(), 32U);
  EXPECT_EQ(stored[1], std::byte{11});
  EXPECT_EQ(stored[2], std::byte{0});  // padding channel
  EXPECT_EQ(stored[16], std::byte{2});
}

Plan profile(std::int64_t batch, double microseconds) {
  Plan plan;
  plan.batch = batch;
  plan.microseconds = microseconds;
  return plan;
}

std::vector<std::int64_t> cover(const std::vector<Plan>& plans, std::int64_t images) {
  const BatchCover table(plans);
  std::vector<std::int64_t> batches;
  while (images > 0) {
    batches.push_back(plans[table.next(images)].batch);
    images -= batches.back();
  }
  return batches;
}

TEST(BatchCover, TakesTheCheapestProfiles) {
  using List = std::vector<std::int64_t>;
  const std::vector<Plan> unknown = {profile(1, 0), profile(8, 0)};
  EXPECT_EQ(cover(unknown, 1), List{1});
  EXPECT_EQ(cover(unknown, 2), (List{1, 1}));
  EXPECT_EQ(cover(unknown, 7), List{8});  // one run with a row of padding beats seven runs
  EXPECT_EQ(cover(unknown, 9), (List{8, 1}));
  EXPECT_EQ(cover(unknown, 40), (List{8, 8, 8, 8, 8}));
  const std::vector<Plan> timed = {profile(1, 10), profile(4, 12), profile(8, 100)};
  EXPECT_EQ(cover(timed, 2), List{4});
  EXPECT_EQ(cover(timed, 8), (List{4, 4}));
  EXPECT_EQ(cover(timed, 9), (List{4, 4, 1}));
  const std::vector<Plan> only_large = {profile(8, 0)};
  EXPECT_EQ(cover(only_large, 3), List{8});
}

}  // namespace
}  // namespace fovea
