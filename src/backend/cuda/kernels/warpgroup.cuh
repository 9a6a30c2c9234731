#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <cstdint>

namespace fovea::cuda {

// Matrix products of a warp group (four warps, Hopper's wgmma): sums[64 pixels][64 channels] += a · b, 32 bytes of depth
// at once. Both operands lie in shared memory in slices of 16 bytes of depth, one row's 16 bytes behind the other's, so
// that a picture moved by some pixels is the same memory begun elsewhere. Nothing is waited for until await_products().

/// Slices of shared memory as the tensor cores want them described: `apart` bytes from slice to slice.
class Described {
 public:
  __device__ __forceinline__ Described(const void* shared, std::uint32_t apart)
      : low_((static_cast<std::uint32_t>(__cvta_generic_to_shared(shared)) >> 4) | apart >> 4 << 16) {}
  /// Begun so many bytes behind.
  __device__ __forceinline__ std::uint64_t at(std::uint32_t bytes) const {
    constexpr std::uint64_t kEightRows = 128 >> 4;
    return kEightRows << 32 | (low_ + (bytes >> 4));
  }

 private:
  std::uint32_t low_;
};

/// Between what threads wrote to shared memory and the products that read it; a barrier follows.
__device__ __forceinline__ void publish_shared() { asm volatile("fence.proxy.async.shared::cta;" ::: "memory"); }

/// Before the first product, and after sums or operands in registers were touched.
__device__ __forceinline__ void begin_products() { asm volatile("wgmma.fence.sync.aligned;" ::: "memory"); }
__device__ __forceinline__ void await_products() {
  asm volatile("wgmma.commit_group.sync.aligned;\n wgmma.wait_group.sync.aligned 0;" ::: "memory");
}

/// sums = (keep ? sums : 0) + a · b; a: a lane's part as multiply() takes it (each warp 16 pixels), or described. A
/// lane's sums are those of multiply(), by tile of eight channels: 64 channels, or 32.
template <typename T, typename Sum, int kTiles>
__device__ void multiply_group(Sum (&sums)[kTiles][4], const std::uint32_t (&a)[4], std::uint64_t b, int keep);
template <typename T, typename Sum, int kTiles>
__device__ void multiply_group(Sum (&sums)[kTiles][4], std::uint64_t a, std::uint64_t b, int keep);

#define FOVEA_SUMS16 "{%0,%1,%2,%3,%4,%5,%6,%7,%8,%9,%10,%11,%12,%13,%14,%15}"
#define FOVEA_SUMS32                                                                                                  \
  "{%0,%1,%2,%3,%4,%5,%6,%7,%8,%9,%10,%11,%12,%13,%14,%15,%16,%17,%18,%19,%20,%21,%22,%23,%24,%25,%26,%27,%28,%29," \
  "%30,%31}"
#define FOVEA_FOUR(kind, s, j) kind(s[j][0]), kind(s[j][1]), kind(s[j][2]), kind(s[j][3])
#define FOVEA_HALF(kind, s, j) \
  FOVEA_FOUR(kind, s, j), FOVEA_FOUR(kind, s, j + 1), FOVEA_FOUR(kind, s, j + 2), FOVEA_FOUR(kind, s, j + 3)
#define FOVEA_ALL16(kind, s) FOVEA_HALF(kind, s, 0)
#define FOVEA_ALL32(kind, s) FOVEA_HALF(kind, s, 0), FOVEA_HALF(kind, s, 4)

/// One shape of the instruction; its operands are numbered behind the sums: a (one or four), b, keep.
#define FOVEA_PRODUCT(Type, Sum, tiles, all, list, kind, shape, a0, a1, a2, a3, b, keep_at, more)                     \
  template <>                                                                                                         \
  __device__ __forceinline__ void multiply_group<Type>(Sum(&s)[tiles][4], const std::uint32_t(&a)[4], std::uint64_t d, \
                                                       int keep) {                                                    \
    asm volatile("{\n.reg .pred p;\nsetp.ne.b32 p, %" keep_at ", 0;\nwgmma.mma_async.sync.aligned." shape " " list    \
                 ", {%" a0 ",%" a1 ",%" a2 ",%" a3 "}, %" b ", p" more ";\n}"                                         \
                 : all("+" kind, s)                                                                                   \
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(d), "r"(keep));                                    \
  }
#define FOVEA_SHARED_PRODUCT(Type, Sum, tiles, all, list, kind, shape, a, b, keep_at, more)                           \
  template <>                                                                                                         \
  __device__ __forceinline__ void multiply_group<Type>(Sum(&s)[tiles][4], std::uint64_t x, std::uint64_t d, int keep) { \
    asm volatile("{\n.reg .pred p;\nsetp.ne.b32 p, %" keep_at ", 0;\nwgmma.mma_async.sync.aligned." shape " " list    \
                 ", %" a ", %" b ", p" more ";\n}"                                                                    \
                 : all("+" kind, s)                                                                                   \
                 : "l"(x), "l"(d), "r"(keep));                                                                        \
  }
#define FOVEA_PRODUCTS(Type, Sum, kind, deep, types, more)                                                            \
  FOVEA_PRODUCT(Type, Sum, 8, FOVEA_ALL32, FOVEA_SUMS32, kind, "m64n64" deep "." types, "32", "33", "34", "35", "36", \
                "37", more)                                                                                           \
  FOVEA_PRODUCT(Type, Sum, 4, FOVEA_ALL16, FOVEA_SUMS16, kind, "m64n32" deep "." types, "16", "17", "18", "19", "20", \
                "21", more)

FOVEA_PRODUCTS(std::int8_t, int, "r", "k32", "s32.s8.s8", "")
FOVEA_PRODUCTS(__half, float, "f", "k16", "f32.f16.f16", ", 1, 1, 0")
FOVEA_PRODUCTS(__nv_bfloat16, float, "f", "k16", "f32.bf16.bf16", ", 1, 1, 0")
FOVEA_SHARED_PRODUCT(std::int8_t, int, 8, FOVEA_ALL32, FOVEA_SUMS32, "r", "m64n64k32.s32.s8.s8", "32", "33", "34", "")
FOVEA_SHARED_PRODUCT(__half, float, 8, FOVEA_ALL32, FOVEA_SUMS32, "f", "m64n64k16.f32.f16.f16", "32", "33", "34",
                     ", 1, 1, 0, 0")
FOVEA_SHARED_PRODUCT(__nv_bfloat16, float, 8, FOVEA_ALL32, FOVEA_SUMS32, "f", "m64n64k16.f32.bf16.bf16", "32", "33",
                     "34", ", 1, 1, 0, 0")

#undef FOVEA_PRODUCTS
#undef FOVEA_SHARED_PRODUCT
#undef FOVEA_PRODUCT
#undef FOVEA_ALL32
#undef FOVEA_ALL16
#undef FOVEA_HALF
#undef FOVEA_FOUR
#undef FOVEA_SUMS32
#undef FOVEA_SUMS16

}  // namespace fovea::cuda
