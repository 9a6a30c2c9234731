#include "backend/cpu/kernels/pixels.h"

#include "backend/cpu/kernels/number.h"

namespace fovea::cpu {
namespace {

template <typename To, int kChannels>
FOVEA_KERNEL void planes(const std::uint8_t* __restrict pixels, To* __restrict out, std::int64_t width,
                         std::int64_t plane, const PixelScale& scale) {
  for (int c = 0; c < kChannels; ++c) {
    const float factor = scale.factor[static_cast<std::size_t>(c)], offset = scale.offset[static_cast<std::size_t>(c)];
    To* __restrict row = out + c * plane;
    for (std::int64_t x = 0; x < width; ++x) row[x] = narrow<To>(widen(pixels[x * kChannels + c]) * factor + offset);
  }
}

template <typename To>
FOVEA_KERNEL void to_plain(const std::uint8_t* pixels, void* out, std::int64_t width, int channels, std::int64_t plane,
                           const PixelScale& scale) {
  if (channels == 3) return planes<To, 3>(pixels, static_cast<To*>(out), width, plane, scale);
  planes<To, 1>(pixels, static_cast<To*>(out), width, plane, scale);
}

/// 48 is a multiple of 1 and 3 and of every vector's length, so each block has the same factors.
template <typename To>
FOVEA_KERNEL void to_nhwc(const std::uint8_t* pixels, void* out, std::int64_t width, int channels, std::int64_t,
                          const PixelScale& scale) {
  constexpr std::size_t kBlock = 48;
  float factor[kBlock], offset[kBlock];
  for (std::size_t i = 0; i < kBlock; ++i) {
    factor[i] = scale.factor[i % static_cast<std::size_t>(channels)];
    offset[i] = scale.offset[i % static_cast<std::size_t>(channels)];
  }
  auto* __restrict to = static_cast<To*>(out);
  const auto total = static_cast<std::size_t>(width * channels);
  std::size_t at = 0;
  for (; at + kBlock <= total; at += kBlock) {
    for (std::size_t i = 0; i < kBlock; ++i) to[at + i] = narrow<To>(widen(pixels[at + i]) * factor[i] + offset[i]);
  }
  for (std::size_t i = 0; at + i < total; ++i) to[at + i] = narrow<To>(widen(pixels[at + i]) * factor[i] + offset[i]);
}

template <typename To>
FOVEA_KERNEL void to_blocked(const std::uint8_t* pixels, void* out, std::int64_t width, int channels, std::int64_t,
                             const PixelScale& scale) {
  auto* to = static_cast<To*>(out);
  for (std::int64_t x = 0; x < width; ++x) {
    for (int c = 0; c < 16; ++c) to[x * 16 + c] = To{};
    for (int c = 0; c < channels; ++c) {
      const auto i = static_cast<std::size_t>(c);
      to[x * 16 + c] = narrow<To>(widen(pixels[x * channels + c]) * scale.factor[i] + scale.offset[i]);
    }
  }
}

}  // namespace

PixelRow pixel_kernel(DType to, Layout layout, Isa isa) {
  return with_number<PixelRow>(to, nullptr, [&]<typename To>() {
    switch (layout) {
      case Layout::kNhwc:
        return for_isa<&to_nhwc<To>>(isa);
      case Layout::kBlocked16:
        return for_isa<&to_blocked<To>>(isa);
      case Layout::kPlain:
        break;
    }
    return for_isa<&to_plain<To>>(isa);
  });
}

}  // namespace fovea::cpu
