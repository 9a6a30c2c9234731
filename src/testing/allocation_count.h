#pragma once

namespace fovea {

/// Sanitizers replace operator new themselves: there nothing is counted.
#ifdef FOVEA_SANITIZED
inline constexpr bool kCountsAllocations = false;
#else
inline constexpr bool kCountsAllocations = true;
#endif

/// What all threads of the process allocated between two moments with operator new (plain and aligned) and
/// aligned_alloc, which tensors take theirs from. A program that uses this has those functions replaced.
struct Allocations {
  int own = 0;      ///< by Fovea's code
  int vendors = 0;  ///< with oneDNN on the stack
};

/// Counts from here to stop(). One at a time.
class AllocationCount {
 public:
  AllocationCount();
  Allocations stop();
};

}  // namespace fovea
