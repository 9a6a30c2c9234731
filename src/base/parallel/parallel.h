#pragma once

#include <cstdint>
#include <functional>

namespace fovea {

/// Cores that this process may use: CPU affinity ∩ cgroup quota, at least 1. Read once.
int available_threads();

/// Default for callers that were given 0: available_threads(), or what set_default_threads() said (`--threads`).
int default_threads();
void set_default_threads(int threads);

/// Runs body(i) for i in [0, n) on at most `threads` threads (0: the default) of OpenMP's pool, the only fork-join
/// here. Dynamic schedule, `grain` items at a time. The first exception is rethrown on the caller's thread after the
/// join.
void parallel_for(std::int64_t n, const std::function<void(std::int64_t)>& body, int threads = 0,
                  std::int64_t grain = 1);

/// Splits [0, n) into at most `threads` contiguous ranges of at least `grain` items and runs body(begin, end) on each:
/// for kernels, which then see one call per thread. Body must not throw.
template <typename Body>
void parallel_ranges(std::int64_t n, int threads, std::int64_t grain, const Body& body);

}  // namespace fovea

#include "base/parallel/ranges.inc"
