#pragma once

#include <array>
#include <cstdint>

#include "backend/api/device.h"
#include "backend/api/view.h"

namespace fovea::cpu {

/// value = pixel · factor[c] + offset[c], in the output's stored units.
struct PixelScale {
  std::array<float, 3> factor = {1, 1, 1}, offset = {0, 0, 0};
};

/// One row of `width` pixels of c interleaved u8 to a row of the output. Plain: plane c starts `plane` elements behind
/// plane 0. nhwc: as the pixels lie. blocked16: 16 channels per pixel, those past c zero.
using PixelRow = void (*)(const std::uint8_t* pixels, void* out, std::int64_t width, int channels, std::int64_t plane,
                          const PixelScale& scale);
PixelRow pixel_kernel(DType to, Layout layout, Isa isa);  ///< null where there is none

}  // namespace fovea::cpu
