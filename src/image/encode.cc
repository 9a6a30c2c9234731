#include "image/encode.h"

#include <png.h>
#include <turbojpeg.h>

#include <memory>

#include "base/error.h"

namespace fovea {

Bytes encode_jpeg(const Image& image, int quality) {
  require(image.width > 0 && image.height > 0 && quality >= 1 && quality <= 100, ErrorKind::kInvalidArgument,
          "[jpeg] {} × {} at quality {}: expected pixels and 1 to 100", image.width, image.height, quality);
  struct Destroy {
    void operator()(void* handle) const { tjDestroy(handle); }
  };
  const std::unique_ptr<void, Destroy> handle(tjInitCompress());
  require(handle != nullptr, ErrorKind::kOutOfMemory, "[jpeg] cannot start the encoder");
  Bytes bytes(tjBufSize(image.width, image.height, TJSAMP_420));
  auto* to = reinterpret_cast<unsigned char*>(bytes.data());
  unsigned long size = bytes.size();
  require(tjCompress2(handle.get(), image.pixels.data(), image.width, 0, image.height, TJPF_RGB, &to, &size, TJSAMP_420,
                      quality, TJFLAG_NOREALLOC) == 0,
          ErrorKind::kInvalidArgument, "[jpeg] {} × {} at quality {}: {}", image.width, image.height, quality,
          tjGetErrorStr2(handle.get()));
  bytes.resize(size);
  return bytes;
}

Bytes encode_png(const Image& image) {
  require(image.width > 0 && image.height > 0, ErrorKind::kInvalidArgument, "[png] the image is {} × {}", image.width,
          image.height);
  png_image header = {};
  header.version = PNG_IMAGE_VERSION;
  header.width = static_cast<png_uint_32>(image.width);
  header.height = static_cast<png_uint_32>(image.height);
  header.format = PNG_FORMAT_RGB;
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(header);
  Bytes bytes(size);
  require(png_image_write_to_memory(&header, bytes.data(), &size, 0, image.pixels.data(), 0, nullptr) != 0,
          ErrorKind::kInvalidArgument, "[png] {} × {}: {}", image.width, image.height, header.message);
  bytes.resize(size);
  return bytes;
}

std::string data_uri(std::string_view mime, std::span<const std::byte> bytes) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text = fmt::format("data:{};base64,", mime);
  text.reserve(text.size() + (bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    unsigned group = 0;
    for (std::size_t k = 0; k < 3; ++k)
      group = group << 8 | (i + k < bytes.size() ? static_cast<unsigned>(bytes[i + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k) text += i + k <= bytes.size() ? kDigits[group >> (18 - 6 * k) & 63U] : '=';
  }
  return text;
}

}  // namespace fovea
