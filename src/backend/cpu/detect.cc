#include "backend/cpu/detect.h"

#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "backend/cpu/onednn/runtime.h"
#include "base/error.h"
#include "base/parallel/parallel.h"

namespace fovea::cpu {
namespace {

std::uint64_t enabled_state() {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  constexpr unsigned kOsXsave = 1U << 27;
  if (__get_cpuid(1, &eax, &ebx, &ecx, &edx) == 0 || (ecx & kOsXsave) == 0) return 0;
  unsigned low = 0, high = 0;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (std::uint64_t{high} << 32) | low;
}

/// Linux hands the tile registers out on request, once per process (arch_prctl, ARCH_REQ_XCOMP_PERM).
bool request_tiles() {
  constexpr int kRequestPermission = 0x1023, kTileData = 18;
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}

bool has_amx(std::uint64_t state) {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) == 0) return false;
  constexpr unsigned kBf16 = 1U << 22, kTile = 1U << 24, kInt8 = 1U << 25, kAll = kBf16 | kTile | kInt8;
  constexpr std::uint64_t kTileState = 3ULL << 17;
  return (edx & kAll) == kAll && (state & kTileState) == kTileState && request_tiles();
}

std::string model_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("model name", 0) == 0 && line.find(": ") != std::string::npos)
      return line.substr(line.find(": ") + 2);
  }
  return "x86-64 processor";
}

std::size_t cache_bytes(int level, std::size_t otherwise) {
  const long bytes = sysconf(level);
  return bytes > 0 ? static_cast<std::size_t>(bytes) : otherwise;
}

}  // namespace

Isa detect_isa() {
  __builtin_cpu_init();
  const std::uint64_t state = enabled_state();
  constexpr std::uint64_t kYmm = 0x6, kZmm = 0xe6;
  if ((state & kYmm) != kYmm || !__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma"))
    return Isa::kBaseline;
  const bool avx512 = (state & kZmm) == kZmm && __builtin_cpu_supports("avx512f") &&
                      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
                      __builtin_cpu_supports("avx512vl");
  if (!avx512) return Isa::kAvx2;
  if (!__builtin_cpu_supports("avx512vnni")) return Isa::kAvx512;
  if (!__builtin_cpu_supports("avx512bf16")) return Isa::kAvx512Vnni;
  return has_amx(state) ? Isa::kAmx : Isa::kAvx512Bf16;
}

DeviceInfo describe(Isa isa) {
  DeviceInfo info;
  info.backend = "cpu";
  info.description = fmt::format("{}, {} cores", model_name(), available_threads());
  info.isa = isa;
  info.libraries = {onednn::version()};
  info.l2_bytes = cache_bytes(_SC_LEVEL2_CACHE_SIZE, std::size_t{1} << 20);
  info.last_level_cache_bytes = std::max(info.l2_bytes, cache_bytes(_SC_LEVEL3_CACHE_SIZE, std::size_t{32} << 20));
  return info;
}

}  // namespace fovea::cpu
