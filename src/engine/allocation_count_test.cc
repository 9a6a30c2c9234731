#include "engine/allocation_count.h"

#include <cstdlib>
#include <new>

namespace {
thread_local bool counting = false;
thread_local int allocations = 0;
}  // namespace

#ifndef FOVEA_SANITIZED
void* operator new(std::size_t bytes) {
  if (counting) ++allocations;
  if (void* memory = std::malloc(bytes == 0 ? 1 : bytes)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
#endif

namespace fovea {

AllocationCount::AllocationCount() {
  allocations = 0;
  counting = true;
}

int AllocationCount::stop() {
  counting = false;
  return allocations;
}

}  // namespace fovea
