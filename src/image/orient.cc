#include "image/orient.h"

#include <algorithm>
#include <cstring>

namespace fovea {

Image upright(Image image, int orientation) {
  if (orientation < 2 || orientation > 8) return image;
  const bool transposed = orientation >= 5;
  // Where the output pixel (x, y) comes from: the axes are swapped first, then mirrored.
  const bool mirror_x = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const bool mirror_y = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  Image turned(transposed ? image.height : image.width, transposed ? image.width : image.height);
  for (int y = 0; y < turned.height; ++y) {
    for (int x = 0; x < turned.width; ++x) {
      const int sx = transposed ? y : x;
      const int sy = transposed ? x : y;
      const int from_x = mirror_x ? image.width - 1 - sx : sx;
      const int from_y = mirror_y ? image.height - 1 - sy : sy;
      std::memcpy(turned.at(x, y), image.at(from_x, from_y), 3);
    }
  }
  return turned;
}

}  // namespace fovea
