#pragma once

#include "image/preprocess.h"
#include "image/resize.h"

namespace fovea {

/// Where the resized image meets the output: the window that is computed and where it lands (letterbox leaves borders).
struct Placement {
  ResizeBox box;
  CropWindow window;
  int left = 0, top = 0;
};

/// Of an upright image of that size (both above 0). Thread-safe.
Placement place(int width, int height, const PreprocessSpec& spec);

}  // namespace fovea
