#include "backend/cpu/kernels/convert.h"

#include "backend/cpu/kernels/number.h"

namespace fovea::cpu {
namespace {

template <typename From, typename To>
FOVEA_KERNEL void convert(const void* in, void* out, std::int64_t n, float factor, float offset) {
  const auto* __restrict from = static_cast<const From*>(in);
  auto* __restrict to = static_cast<To*>(out);
  for (std::int64_t i = 0; i < n; ++i) to[i] = narrow<To>(widen(from[i]) * factor + offset);
}

template <typename To>
FOVEA_KERNEL void look_up(const std::uint8_t* in, void* out, std::int64_t n, const void* table) {
  const auto* __restrict entries = static_cast<const To*>(table);
  auto* __restrict to = static_cast<To*>(out);
  for (std::int64_t i = 0; i < n; ++i) to[i] = entries[in[i]];
}

}  // namespace

Convert convert_kernel(DType from, DType to, Isa isa) {
  return with_number<Convert>(from, nullptr, [&]<typename From>() {
    return with_number<Convert>(to, nullptr, [&]<typename To>() { return for_isa<&convert<From, To>>(isa); });
  });
}

Lookup lookup_kernel(DType to, Isa isa) {
  return with_number<Lookup>(to, nullptr, [&]<typename To>() { return for_isa<&look_up<To>>(isa); });
}

}  // namespace fovea::cpu
