#include "base/parallel/parallel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <numeric>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

namespace fovea {
namespace {

class RestoreThreads {
 public:
  ~RestoreThreads() { set_default_threads(0); }
};

TEST(Parallel, DefaultIsWhatWasSaidElseWhatIsAvailable) {
  const RestoreThreads restore;
  EXPECT_GE(available_threads(), 1);
  EXPECT_LE(available_threads(), static_cast<int>(std::thread::hardware_concurrency()));
  EXPECT_EQ(default_threads(), available_threads());
  set_default_threads(3);
  EXPECT_EQ(default_threads(), 3);
  set_default_threads(0);
  EXPECT_EQ(default_threads(), available_threads());
}

TEST(Parallel, EveryItemRunsOnce) {
  for (const int threads : {0, 1, 2, 3, 8}) {
    for (const std::int64_t n : {0, 1, 2, 7, 1000}) {
      for (const std::int64_t grain : {1, 5, 2000}) {
        const auto runs = std::make_unique<std::atomic<int>[]>(static_cast<std::size_t>(n) + 1);
        parallel_for(
            n, [&](std::int64_t i) { ++runs[static_cast<std::size_t>(i)]; }, threads, grain);
        for (std::int64_t i = 0; i < n; ++i) ASSERT_EQ(runs[static_cast<std::size_t>(i)], 1) << "item " << i;
        ASSERT_EQ(runs[static_cast<std::size_t>(n)], 0);
      }
    }
  }
}

TEST(Parallel, WritesAreSeenAfterTheJoin) {
  std::vector<int> values(10000);
  parallel_for(
      10000, [&](std::int64_t i) { values[static_cast<std::size_t>(i)] = static_cast<int>(i); }, 4, 16);
  EXPECT_EQ(std::accumulate(values.begin(), values.end(), 0), 10000 * 9999 / 2);
}

TEST(Parallel, NoMoreThreadsThanAsked) {
  std::mutex mutex;
  std::set<std::thread::id> seen;
  parallel_for(
      200,
      [&](std::int64_t) {
        const std::lock_guard lock(mutex);
        seen.insert(std::this_thread::get_id());
      },
      2);
  EXPECT_LE(seen.size(), 2U);
}

TEST(Parallel, AnExceptionReachesTheCaller) {
  for (const int threads : {1, 4}) {
    std::atomic<int> runs{0};
    try {
      parallel_for(
          100000,
          [&](std::int64_t i) {
            ++runs;
            if (i == 10) throw std::runtime_error("item ten");
            std::this_thread::sleep_for(std::chrono::microseconds(100));  // all of them would take seconds
          },
          threads);
      ADD_FAILURE() << "no exception with " << threads << " threads";
    } catch (const std::runtime_error& error) {
      EXPECT_STREQ(error.what(), "item ten");
    }
    EXPECT_LT(runs, 100000) << "the rest is left out";
  }
}

TEST(Parallel, OfSeveralExceptionsOneArrives) {
  EXPECT_THROW(parallel_for(
                   1000, [](std::int64_t) { throw std::out_of_range("each"); }, 4),
               std::out_of_range);
  std::atomic<int> runs{0};
  parallel_for(
      100, [&](std::int64_t) { ++runs; }, 4);  // the pool is usable afterwards
  EXPECT_EQ(runs, 100);
}

TEST(Parallel, NestsWithoutDeadlock) {
  std::atomic<int> runs{0};
  parallel_for(
      8,
      [&](std::int64_t) {
        parallel_for(
            50, [&](std::int64_t) { ++runs; }, 4);
      },
      4);
  EXPECT_EQ(runs, 400);
  EXPECT_THROW(parallel_for(
                   4,
                   [](std::int64_t) {
                     parallel_for(
                         4, [](std::int64_t) { throw std::runtime_error("deep"); }, 2);
                   },
                   2),
               std::runtime_error);
}

TEST(Parallel, SeveralCallersAtOnce) {
  std::atomic<int> runs{0};
  std::vector<std::thread> callers;
  for (int c = 0; c < 4; ++c) {
    callers.emplace_back([&] {
      for (int k = 0; k < 20; ++k)
        parallel_for(
            50, [&](std::int64_t) { ++runs; }, 2);
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(runs, 4 * 20 * 50);
}

TEST(ParallelRanges, CoverEverythingOnceInContiguousParts) {
  for (const int threads : {0, 1, 2, 5}) {
    for (const std::int64_t n : {0, 1, 3, 64, 1001}) {
      for (const std::int64_t grain : {0, 1, 16, 5000}) {
        std::mutex mutex;
        std::vector<std::pair<std::int64_t, std::int64_t>> parts;
        parallel_ranges(n, threads, grain, [&](std::int64_t begin, std::int64_t end) {
          const std::lock_guard lock(mutex);
          parts.emplace_back(begin, end);
        });
        std::sort(parts.begin(), parts.end());
        std::int64_t next = 0;
        for (const auto& [begin, end] : parts) {
          ASSERT_EQ(begin, next);
          ASSERT_LT(begin, end);
          next = end;
        }
        ASSERT_EQ(next, n);
        if (grain > 0 && n >= grain) {
          ASSERT_LE(static_cast<std::int64_t>(parts.size()), n / grain);
        }
      }
    }
  }
}

}  // namespace
}  // namespace fovea
