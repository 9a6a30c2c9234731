#pragma once

#include "base/parallel/parallel.h"

namespace fovea {

/// A pool's number of threads while it lives (0: the default); the number before is put back at the end. `get` and
/// `set` are the pool's functions.
template <auto get, auto set>
class ThreadScope {
 public:
  explicit ThreadScope(int threads) : before_(get()) { set(threads > 0 ? threads : default_threads()); }
  ~ThreadScope() { set(before_); }
  ThreadScope(const ThreadScope&) = delete;
  ThreadScope& operator=(const ThreadScope&) = delete;

 private:
  int before_;
};

}  // namespace fovea
