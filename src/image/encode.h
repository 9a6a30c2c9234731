#pragma once

#include "base/io/file.h"
#include "image/image.h"

namespace fovea {

Bytes encode_jpeg(const Image& image, int quality = 90);  ///< 4:2:0, quality 1–100
Bytes encode_png(const Image& image);
std::string data_uri(std::string_view mime, std::span<const std::byte> bytes);  ///< "data:image/png;base64,…"

}  // namespace fovea
