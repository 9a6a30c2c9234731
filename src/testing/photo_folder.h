#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "image/image.h"

namespace fovea {

/// A picture whose colour tells its class (red, green, blue, …) with noise by seed: a network learns it in seconds.
Image colored_photo(int label, std::uint64_t seed, int width, int height);

/// ROOT/<class>/NNN.png, `per_class` files each. Returns the files.
std::vector<std::filesystem::path> make_photo_folder(const std::filesystem::path& root,
                                                     const std::vector<std::string>& classes, int per_class,
                                                     int size = 48, std::uint64_t seed = 1);

}  // namespace fovea
