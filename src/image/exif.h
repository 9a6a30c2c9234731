#pragma once

#include <cstddef>
#include <span>

namespace fovea {

/// Orientation (1–8) from a TIFF structure as EXIF holds it ("Exif\0\0" before it is passed over). Whatever is wrong
/// with it means 1: a bad note beside a picture is no reason to refuse the picture.
int exif_orientation(std::span<const std::byte> exif);

/// Whether a JPEG reaches its end-of-image marker, headers and compressed data walked marker by marker.
bool jpeg_complete(std::span<const std::byte> jpeg);

/// The EXIF payload of a JPEG's APP1 segment, empty when there is none.
std::span<const std::byte> jpeg_exif(std::span<const std::byte> jpeg);

}  // namespace fovea
