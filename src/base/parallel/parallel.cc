#include "base/parallel/parallel.h"

#include <sched.h>

#include <atomic>
#include <exception>
#include <mutex>

#include "base/parallel/cgroup.h"

namespace fovea {
namespace {

std::atomic<int> chosen_threads{0};

int affinity_threads() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof(set), &set) != 0) return 1;
  return std::max(1, CPU_COUNT(&set));
}

}  // namespace

int available_threads() {
  static const int threads = [] {
    const int quota = cgroup_threads();
    const int affinity = affinity_threads();
    return quota > 0 ? std::min(quota, affinity) : affinity;
  }();
  return threads;
}

int default_threads() {
  const int chosen = chosen_threads.load();
  return chosen > 0 ? chosen : available_threads();
}

void set_default_threads(int threads) { chosen_threads.store(threads); }

void parallel_for(std::int64_t n, const std::function<void(std::int64_t)>& body, int threads, std::int64_t grain) {
  const int count = static_cast<int>(std::min<std::int64_t>(threads > 0 ? threads : default_threads(), n));
  if (count <= 1) {
    for (std::int64_t i = 0; i < n; ++i) body(i);
    return;
  }
  std::exception_ptr error;
  std::mutex mutex;
  std::atomic<bool> failed{false};
#pragma omp parallel for num_threads(count) schedule(dynamic, grain)
  for (std::int64_t i = 0; i < n; ++i) {
    if (failed.load(std::memory_order_relaxed)) continue;
    try {
      body(i);
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!error) error = std::current_exception();
      failed.store(true);
    }
  }
  if (error) std::rethrow_exception(error);
}

}  // namespace fovea
