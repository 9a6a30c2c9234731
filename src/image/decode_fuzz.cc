#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "base/error.h"
#include "image/decode.h"
#include "image/exif.h"

namespace {

/// A decoder answers with a whole picture inside the limits or with one of three kinds of error.
void decode_once(std::span<const std::byte> bytes, int scaled_to) {
  constexpr fovea::DecodeLimits kLimits = {.max_bytes = 1U << 20, .max_pixels = 1U << 18, .max_side = 1U << 14};
  try {
    const fovea::Image image = fovea::decode(bytes, kLimits, scaled_to);
    const std::size_t pixels = static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.height);
    if (pixels == 0 || pixels > kLimits.max_pixels || image.pixels.size() != pixels * 3) std::abort();
  } catch (const fovea::Error& error) {
    if (error.kind() != fovea::ErrorKind::kCorruptFile && error.kind() != fovea::ErrorKind::kUnsupported &&
        error.kind() != fovea::ErrorKind::kInvalidArgument)
      std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::byte> given = std::as_bytes(std::span(data, size));
  decode_once(given, 0);
  decode_once(given, 16);
  (void)fovea::jpeg_exif(given);
  (void)fovea::jpeg_complete(given);
  const int orientation = fovea::exif_orientation(given);
  if (orientation < 1 || orientation > 8) std::abort();
  return 0;
}
