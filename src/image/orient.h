#pragma once

#include "image/image.h"

namespace fovea {

/// Applies an EXIF orientation (1–8; anything else counts as 1), as TIFF 6.0 defines tag 274.
Image upright(Image image, int orientation);

}  // namespace fovea
