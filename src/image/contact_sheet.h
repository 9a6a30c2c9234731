#pragma once

#include <span>

#include "image/image.h"

namespace fovea {

/// The images side by side, `columns` in a row, each centre-cropped to a square of `cell` pixels.
Image contact_sheet(std::span<const Image> images, int columns, int cell);

/// Short side to `side` pixels, centre crop to a square.
Image thumbnail(const Image& image, int side);

}  // namespace fovea
