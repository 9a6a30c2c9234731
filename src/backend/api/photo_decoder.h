#pragma once

#include <span>
#include <vector>

#include "backend/api/device.h"
#include "image/preprocess.h"

namespace fovea {

/// A photo as it lies in a file.
using Encoded = std::span<const std::byte>;

/// JPEGs to prepared pixels without leaving the device. One thread at a time; goes before its device.
class PhotoDecoder {
 public:
  virtual ~PhotoDecoder() = default;
  /// Puts on the stream what writes the pixels of those photos that the device decodes, photo i at `pixels` + i ×
  /// spec.pixel_bytes() (device memory). Returns by photo whether that is so; the others are the caller's. `photos`
  /// stay until the stream has been synchronised. Pixels equal preprocess()'s of the same decoded photo.
  virtual std::vector<bool> run(std::span<const Encoded> photos, std::byte* pixels, Stream& stream) = 0;
};

}  // namespace fovea
