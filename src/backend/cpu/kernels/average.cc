#include "backend/cpu/kernels/average.h"

#include "backend/cpu/kernels/number.h"

namespace fovea::cpu {
namespace {

template <typename From>
using Sum = std::conditional_t<std::is_integral_v<From>, std::int32_t, float>;

template <typename From>
FOVEA_KERNEL Sum<From> term(From v) {
  if constexpr (std::is_integral_v<From>) {
    return v;
  } else {
    return widen(v);
  }
}

template <typename From, typename To>
FOVEA_KERNEL void average(const void* in, void* out, std::int64_t pixels, std::int64_t stride, std::int64_t width,
                          float factor, float offset) {
  const auto* __restrict from = static_cast<const From*>(in);
  auto* __restrict to = static_cast<To*>(out);
  Sum<From> sums[kAverageWidth] = {};
  if (width == kAverageWidth) {  // a constant trip count keeps the sums in registers
    for (std::int64_t p = 0; p < pixels; ++p) {
      for (std::int64_t c = 0; c < kAverageWidth; ++c) sums[c] += term(from[p * stride + c]);
    }
  } else {
    for (std::int64_t p = 0; p < pixels; ++p) {
      for (std::int64_t c = 0; c < width; ++c) sums[c] += term(from[p * stride + c]);
    }
  }
  for (std::int64_t c = 0; c < width; ++c) to[c] = narrow<To>(static_cast<float>(sums[c]) * factor + offset);
}

}  // namespace

Average average_kernel(DType from, DType to, Isa isa) {
  return with_number<Average>(from, nullptr, [&]<typename From>() {
    return with_number<Average>(to, nullptr, [&]<typename To>() { return for_isa<&average<From, To>>(isa); });
  });
}

}  // namespace fovea::cpu
