#include "image/contact_sheet.h"

#include <algorithm>

#include "base/error.h"
#include "image/preprocess.h"

namespace fovea {

Image thumbnail(const Image& image, int side) {
  Image made(side, side);
  preprocess(image.view(), PreprocessSpec::unit(side), made.pixels);
  return made;
}

Image contact_sheet(std::span<const Image> images, int columns, int cell) {
  require(cell > 0 && columns > 0, ErrorKind::kInvalidArgument, "[contact_sheet] {} columns of cells of {} pixels",
          columns, cell);
  const int count = static_cast<int>(images.size());
  const int across = std::clamp(count, 1, columns);
  Image sheet(across * cell, std::max(1, (count + across - 1) / across) * cell);
  std::ranges::fill(sheet.pixels, std::uint8_t{255});
  for (int i = 0; i < count; ++i) {
    const Image tile = thumbnail(images[static_cast<std::size_t>(i)], cell);
    for (int y = 0; y < cell; ++y)
      std::copy_n(tile.pixels.begin() + std::ptrdiff_t{3} * y * cell, std::ptrdiff_t{3} * cell,
                  sheet.at(i % across * cell, i / across * cell + y));
  }
  return sheet;
}

}  // namespace fovea
