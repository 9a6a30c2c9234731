#pragma once

namespace fovea {

/// Calls of operator new on this thread from here to stop(). Only programs that link allocation_count_test.cc, which
/// replaces the operator, have it.
class AllocationCount {
 public:
  AllocationCount();
  int stop();
};

}  // namespace fovea
