#include "base/parallel/parallel.h"

#include <sched.h>

#include <atomic>
#include <cmath>
#include <exception>
#include <fstream>
#include <mutex>
#include <string>

namespace fovea {
namespace {

std::atomic<int> chosen_threads{0};

int affinity_threads() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof(set), &set) != 0) return 1;
  return std::max(1, CPU_COUNT(&set));
}

/// cgroup v2 `cpu.max` ("max 100000" or "150000 100000"); v1's pair of files otherwise. 0: no quota.
int quota_threads() {
  std::string quota;
  double period = 0;
  if (std::ifstream v2("/sys/fs/cgroup/cpu.max"); v2 >> quota >> period) {
    if (quota == "max" || period <= 0) return 0;
    return std::max(1, static_cast<int>(std::ceil(std::strtod(quota.c_str(), nullptr) / period)));
  }
  double micros = -1;
  std::ifstream quota_v1("/sys/fs/cgroup/cpu/cpu.cfs_quota_us");
  std::ifstream period_v1("/sys/fs/cgroup/cpu/cpu.cfs_period_us");
  if (quota_v1 >> micros && period_v1 >> period && micros > 0 && period > 0)
    return std::max(1, static_cast<int>(std::ceil(micros / period)));
  return 0;
}

}  // namespace

int available_threads() {
  static const int threads = [] {
    const int quota = quota_threads();
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
