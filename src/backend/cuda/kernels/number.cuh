#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_fp8.h>

#include "backend/cuda/kernels/number.h"

namespace fovea::cuda {

// Types are run-time values: the branch is the same for a whole launch and costs little beside memory, and there is one
// kernel per operation, not one per pair of types.

__device__ inline Number real_number() { return {DType::kF32, 1, 0}; }

__device__ inline float load1(const void* from, const Number& n, std::int64_t i) {
  switch (n.dtype) {
    case DType::kF16:
      return __half2float(static_cast<const __half*>(from)[i]);
    case DType::kBF16:
      return __bfloat162float(static_cast<const __nv_bfloat16*>(from)[i]);
    case DType::kS8:
      return (static_cast<float>(static_cast<const std::int8_t*>(from)[i]) - n.zero) * n.scale;
    case DType::kU8:
      return (static_cast<float>(static_cast<const std::uint8_t*>(from)[i]) - n.zero) * n.scale;
    case DType::kF8:
      return static_cast<float>(static_cast<const __nv_fp8_e4m3*>(from)[i]) * n.scale;
    default:
      return static_cast<const float*>(from)[i];
  }
}

/// Nearest even, saturating.
__device__ inline float quantized(float v, const Number& n, float low, float high) {
  return fminf(fmaxf(rintf(v / n.scale + n.zero), low), high);
}

__device__ inline void store1(void* to, const Number& n, std::int64_t i, float v) {
  switch (n.dtype) {
    case DType::kF16:
      static_cast<__half*>(to)[i] = __float2half_rn(v);
      break;
    case DType::kBF16:
      static_cast<__nv_bfloat16*>(to)[i] = __float2bfloat16_rn(v);
      break;
    case DType::kS8:
      static_cast<std::int8_t*>(to)[i] = static_cast<std::int8_t>(quantized(v, n, -128, 127));
      break;
    case DType::kU8:
      static_cast<std::uint8_t*>(to)[i] = static_cast<std::uint8_t>(quantized(v, n, 0, 255));
      break;
    case DType::kF8:
      static_cast<__nv_fp8_e4m3*>(to)[i] = __nv_fp8_e4m3(v / n.scale);
      break;
    default:
      static_cast<float*>(to)[i] = v;
  }
}

// Conversions between whole and real numbers take the slow unit of a multiprocessor. What follows does them by adding:
// a float of 2^23 (1.5 · 2^23) and more has whole numbers in its lowest bits.

/// Four bytes as real numbers, `offset` taken off: kOffsetS8 or kOffsetU8, and the zero point.
constexpr float kOffsetS8 = 8388608 + 128, kOffsetU8 = 8388608;
__device__ inline void unpacked(std::uint32_t word, bool with_sign, float offset, float* v) {
  if (with_sign) word ^= 0x80808080U;
#pragma unroll
  for (unsigned k = 0; k < 4; ++k) v[k] = __uint_as_float(__byte_perm(word, 0x4B000000U, 0x7650U + k)) - offset;
}

__device__ inline std::uint32_t low_bytes(const std::uint32_t (&words)[4]) {
  return __byte_perm(__byte_perm(words[0], words[1], 0x0040), __byte_perm(words[2], words[3], 0x0040), 0x5410);
}

/// Four real numbers in steps of 8 bits, nearest even, kept from low to high, as they lie in memory.
__device__ inline std::uint32_t packed(const float* v, float low, float high) {
  std::uint32_t bits[4];
#pragma unroll
  for (int k = 0; k < 4; ++k) bits[k] = __float_as_uint(fminf(fmaxf(v[k], low), high) + 12582912.0F);
  return low_bytes(bits);
}

/// Eight neighbours from an index that is a multiple of 8: the widest accesses there are.
__device__ inline void load8(const void* from, const Number& n, std::int64_t i, float (&v)[8]) {
  if (n.dtype == DType::kF32) {
    const float4 a = reinterpret_cast<const float4*>(static_cast<const float*>(from) + i)[0];
    const float4 b = reinterpret_cast<const float4*>(static_cast<const float*>(from) + i)[1];
    v[0] = a.x, v[1] = a.y, v[2] = a.z, v[3] = a.w, v[4] = b.x, v[5] = b.y, v[6] = b.z, v[7] = b.w;
  } else if (n.dtype == DType::kF16) {
    const uint4 raw = *reinterpret_cast<const uint4*>(static_cast<const __half*>(from) + i);
    const __half2* pairs = reinterpret_cast<const __half2*>(&raw);
#pragma unroll
    for (int k = 0; k < 4; ++k) {
      const float2 two = __half22float2(pairs[k]);
      v[2 * k] = two.x, v[2 * k + 1] = two.y;
    }
  } else if (n.dtype == DType::kBF16) {
    const uint4 raw = *reinterpret_cast<const uint4*>(static_cast<const __nv_bfloat16*>(from) + i);
    const __nv_bfloat162* pairs = reinterpret_cast<const __nv_bfloat162*>(&raw);
#pragma unroll
    for (int k = 0; k < 4; ++k) {
      const float2 two = __bfloat1622float2(pairs[k]);
      v[2 * k] = two.x, v[2 * k + 1] = two.y;
    }
  } else if (n.dtype == DType::kF8) {
    const uint2 raw = *reinterpret_cast<const uint2*>(static_cast<const std::uint8_t*>(from) + i);
    const auto* pairs = reinterpret_cast<const __nv_fp8x2_storage_t*>(&raw);
#pragma unroll
    for (int k = 0; k < 4; ++k) {
      const __half2_raw two = __nv_cvt_fp8x2_to_halfraw2(pairs[k], __NV_E4M3);
      const float2 real = __half22float2(__half2(two));
      v[2 * k] = real.x * n.scale, v[2 * k + 1] = real.y * n.scale;
    }
  } else {
    const uint2 raw = *reinterpret_cast<const uint2*>(static_cast<const std::uint8_t*>(from) + i);
    const bool with_sign = n.dtype == DType::kS8;
    const float offset = (with_sign ? kOffsetS8 : kOffsetU8) + n.zero;
    unpacked(raw.x, with_sign, offset, v);
    unpacked(raw.y, with_sign, offset, v + 4);
#pragma unroll
    for (int k = 0; k < 8; ++k) v[k] *= n.scale;
  }
}

__device__ inline void store8(void* to, const Number& n, std::int64_t i, const float (&v)[8]) {
  if (n.dtype == DType::kF32) {
    auto* at = reinterpret_cast<float4*>(static_cast<float*>(to) + i);
    at[0] = make_float4(v[0], v[1], v[2], v[3]);
    at[1] = make_float4(v[4], v[5], v[6], v[7]);
  } else if (n.dtype == DType::kF16) {
    uint4 raw;
    auto* pairs = reinterpret_cast<__half2*>(&raw);
#pragma unroll
    for (int k = 0; k < 4; ++k) pairs[k] = __floats2half2_rn(v[2 * k], v[2 * k + 1]);
    *reinterpret_cast<uint4*>(static_cast<__half*>(to) + i) = raw;
  } else if (n.dtype == DType::kBF16) {
    uint4 raw;
    auto* pairs = reinterpret_cast<__nv_bfloat162*>(&raw);
#pragma unroll
    for (int k = 0; k < 4; ++k) pairs[k] = __floats2bfloat162_rn(v[2 * k], v[2 * k + 1]);
    *reinterpret_cast<uint4*>(static_cast<__nv_bfloat16*>(to) + i) = raw;
  } else if (n.dtype == DType::kF8) {
    const float inverse = 1.0F / n.scale;
    uint2 raw;
    auto* pairs = reinterpret_cast<__nv_fp8x2_storage_t*>(&raw);
#pragma unroll
    for (int k = 0; k < 4; ++k)
      pairs[k] =
          __nv_cvt_float2_to_fp8x2(make_float2(v[2 * k] * inverse, v[2 * k + 1] * inverse), __NV_SATFINITE, __NV_E4M3);
    *reinterpret_cast<uint2*>(static_cast<std::uint8_t*>(to) + i) = raw;
  } else {
    const float inverse = 1.0F / n.scale;  // one division for eight
    float q[8];
#pragma unroll
    for (int k = 0; k < 8; ++k) q[k] = v[k] * inverse + n.zero;
    const float low = n.dtype == DType::kS8 ? -128.0F : 0.0F;
    const uint2 raw = make_uint2(packed(q, low, low + 255), packed(q + 4, low, low + 255));
    *reinterpret_cast<uint2*>(static_cast<std::uint8_t*>(to) + i) = raw;
  }
}

/// NaN stays NaN, as in the reference.
__device__ inline float clipped(float x, float low, float high) {
  float kept;
  asm("max.NaN.f32 %0, %1, %2;" : "=f"(kept) : "f"(x), "f"(low));
  asm("min.NaN.f32 %0, %1, %2;" : "=f"(kept) : "f"(kept), "f"(high));
  return kept;
}
__device__ inline float positive(float x) {
  float kept;
  asm("max.NaN.f32 %0, %1, 0f00000000;" : "=f"(kept) : "f"(x));
  return kept;
}
__device__ inline float sigmoid(float x) { return 1.0F / (1.0F + expf(-x)); }
__device__ inline float softplus(float x) { return fmaxf(x, 0.0F) + log1pf(expf(-fabsf(x))); }

/// As graph/activation.cc, in f32. Called, not put in place: a kernel with all of this eight times over is half a
/// megabyte long and waits for its instructions.
static __device__ __noinline__ float rarely_activated(Function function, float alpha, float beta, float x) {
  switch (function) {
    case Function::kIdentity:
      return x;
    case Function::kRelu:
      return positive(x);
    case Function::kClip:
      return clipped(x, alpha, beta);
    case Function::kLeakyRelu:
      return x < 0 ? alpha * x : x;
    case Function::kElu:
      return x < 0 ? alpha * expm1f(x) : x;
    case Function::kSigmoid:
      return sigmoid(x);
    case Function::kHardSigmoid:
      return clipped(alpha * x + beta, 0, 1);
    case Function::kHardSwish:
      return x * clipped(x / 6 + 0.5F, 0, 1);
    case Function::kSilu:
      return x * sigmoid(x);
    case Function::kTanh:
      return tanhf(x);
    case Function::kGelu:
      return 0.5F * x * (1 + erff(x * 0.70710678F));
    case Function::kGeluTanh:
      return 0.5F * x * (1 + tanhf(0.79788456F * (x + 0.044715F * x * x * x)));
    case Function::kErf:
      return erff(x);
    case Function::kSqrt:
      return sqrtf(x);
    case Function::kExp:
      return expf(x);
    case Function::kLog:
      return logf(x);
    case Function::kAbs:
      return fabsf(x);
    case Function::kNeg:
      return -x;
    case Function::kReciprocal:
      return 1 / x;
    case Function::kSoftplus:
      return softplus(x);
    case Function::kMish:
      return x * tanhf(softplus(x));
    case Function::kFloor:
      return floorf(x);
    case Function::kCeil:
      return ceilf(x);
    case Function::kRound:
      return rintf(x);
  }
  return x;
}

__device__ inline float activated(const Activation& act, float x) {
  if (act.function == Function::kIdentity) return x;
  if (act.function == Function::kRelu) return positive(x);
  if (act.function == Function::kClip) return clipped(x, act.alpha, act.beta);
  if (act.function == Function::kSilu) return x * sigmoid(x);
  return rarely_activated(act.function, act.alpha, act.beta, x);
}

/// Several at once; the usual ones without a choice per element.
template <int kCount>
__device__ inline void activate_all(const Activation& act, float (&v)[kCount]) {
  if (act.function == Function::kIdentity) return;
  if (act.function == Function::kRelu) {
#pragma unroll
    for (float& x : v) x = positive(x);
  } else if (act.function == Function::kClip) {
#pragma unroll
    for (float& x : v) x = clipped(x, act.alpha, act.beta);
  } else if (act.function == Function::kSilu) {
#pragma unroll
    for (float& x : v) x *= sigmoid(x);
  } else {
#pragma unroll
    for (float& x : v) x = rarely_activated(act.function, act.alpha, act.beta, x);
  }
}

}  // namespace fovea::cuda
