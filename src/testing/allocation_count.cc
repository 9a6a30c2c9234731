#include "testing/allocation_count.h"

#include <dlfcn.h>
#include <execinfo.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <new>

namespace {

std::atomic<bool> counting = false;
std::atomic<int> own = 0, vendors = 0;

/// oneDNN never calls back into Fovea, so where it is on the stack the allocation is its own.
bool called_by_vendor() {
  std::array<void*, 24> frames{};
  const int depth = backtrace(frames.data(), static_cast<int>(frames.size()));
  for (int i = 0; i < depth; ++i) {
    Dl_info where{};
    if (dladdr(frames[static_cast<std::size_t>(i)], &where) != 0 && where.dli_fname != nullptr &&
        std::strstr(where.dli_fname, "libdnnl") != nullptr)
      return true;
  }
  return false;
}

[[maybe_unused]] void count() {
  thread_local bool inside = false;  // the first backtrace of a process allocates
  if (!counting.load(std::memory_order_relaxed) || inside) return;
  inside = true;
  ++(called_by_vendor() ? vendors : own);
  inside = false;
}

[[maybe_unused]] void* aligned(std::size_t alignment, std::size_t bytes) {
  void* memory = nullptr;
  const std::size_t least = alignment < sizeof(void*) ? sizeof(void*) : alignment;
  return posix_memalign(&memory, least, bytes == 0 ? 1 : bytes) == 0 ? memory : nullptr;
}

}  // namespace

#ifndef FOVEA_SANITIZED
void* operator new(std::size_t bytes) {
  count();
  if (void* memory = std::malloc(bytes == 0 ? 1 : bytes)) return memory;
  throw std::bad_alloc();
}
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  count();
  if (void* memory = aligned(static_cast<std::size_t>(alignment), bytes)) return memory;
  throw std::bad_alloc();
}
extern "C" void* aligned_alloc(std::size_t alignment, std::size_t bytes) noexcept {
  count();
  return aligned(alignment, bytes);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
#endif

namespace fovea {

AllocationCount::AllocationCount() {
  own = vendors = 0;
  counting = true;
}

Allocations AllocationCount::stop() {
  counting = false;
  return {own, vendors};
}

}  // namespace fovea
