#pragma once

namespace fovea {

/// Sanitizers replace operator new themselves: there nothing is counted.
#ifdef FOVEA_SANITIZED
inline constexpr bool kCountsAllocations = false;
#else
inline constexpr bool kCountsAllocations = true;
#endif

/// Calls of operator new on this thread from here to stop(). Only programs that link allocation_count_test.cc, which
/// replaces the operator, have it.
class AllocationCount {
 public:
  AllocationCount();
  int stop();
};

}  // namespace fovea
