#pragma once

#include "backend/api/device.h"

/// One body, compiled for several instruction sets and chosen by the device's: a capped device runs no wider code.
/// Bodies are always_inline templates, so that they take the target of the function that they are inlined into.
#define FOVEA_KERNEL [[gnu::always_inline]] inline
#define FOVEA_TARGET_AVX2 __attribute__((target("avx2,fma")))
#if defined(__clang__)
#define FOVEA_TARGET_AVX512 \
  __attribute__((target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl"), min_vector_width(512)))
#else
#define FOVEA_TARGET_AVX512 \
  __attribute__((target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl,prefer-vector-width=512")))
#endif

namespace fovea::cpu {

template <auto body, typename Signature>
struct PerIsa;

template <auto body, typename... Args>
struct PerIsa<body, void (*)(Args...)> {
  using Function = void (*)(Args...);
  static void baseline(Args... args) { body(args...); }
  FOVEA_TARGET_AVX2 static void avx2(Args... args) { body(args...); }
  FOVEA_TARGET_AVX512 static void avx512(Args... args) { body(args...); }
  static Function pick(Isa isa) {
    if (isa >= Isa::kAvx512) return avx512;
    return isa >= Isa::kAvx2 ? avx2 : baseline;
  }
};

/// `body` compiled for `isa`.
template <auto body>
auto for_isa(Isa isa) {
  return PerIsa<body, decltype(body)>::pick(isa);
}

}  // namespace fovea::cpu
