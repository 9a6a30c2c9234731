#include <png.h>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "image/decoders.h"
#include "image/exif.h"

namespace fovea {
namespace {

/// libpng's state. It reports errors by longjmp: no C++ object with a destructor may be made between setjmp and the
/// calls, so everything that outlives them stands here.
struct Reader {
  png_structp png = nullptr;
  png_infop info = nullptr;
  std::span<const std::byte> rest;
  std::string error;
  std::vector<png_bytep> rows;
  Decoded decoded;
  ~Reader() { png_destroy_read_struct(&png, &info, nullptr); }
};

void on_error(png_structp png, png_const_charp message) {
  static_cast<Reader*>(png_get_error_ptr(png))->error = message;
  png_longjmp(png, 1);
}

void on_warning(png_structp, png_const_charp) {}

void on_read(png_structp png, png_bytep to, std::size_t count) {
  auto& reader = *static_cast<Reader*>(png_get_io_ptr(png));
  if (count > reader.rest.size()) png_error(png, "the file ends early");
  std::memcpy(to, reader.rest.data(), count);
  reader.rest = reader.rest.subspan(count);
}

/// Whatever the file holds becomes 8-bit RGB; alpha is dropped, as in Pillow's convert("RGB").
void ask_for_rgb(png_structp png) {
  png_set_expand(png);
  png_set_scale_16(png);
  png_set_strip_alpha(png);
  png_set_gray_to_rgb(png);
  png_set_interlace_handling(png);
}

bool read_header(Reader& reader) {
  if (setjmp(png_jmpbuf(reader.png)) != 0) return false;
  png_set_crc_action(reader.png, PNG_CRC_ERROR_QUIT, PNG_CRC_QUIET_USE);  // notes may be damaged, the picture not
  png_set_read_fn(reader.png, &reader, on_read);
  png_set_user_limits(reader.png, 0x7fffffff, 0x7fffffff);
  png_set_chunk_malloc_max(reader.png, 64U << 20);
  png_read_info(reader.png, reader.info);
  return true;
}

bool read_pixels(Reader& reader) {
  if (setjmp(png_jmpbuf(reader.png)) != 0) return false;
  ask_for_rgb(reader.png);
  png_read_update_info(reader.png, reader.info);
  if (png_get_rowbytes(reader.png, reader.info) != static_cast<std::size_t>(reader.decoded.image.width) * 3)
    png_error(reader.png, "rows are not RGB");
  png_read_image(reader.png, reader.rows.data());
  return true;
}

/// EXIF may stand behind the pixels. The picture is complete by then: whatever is wrong here does it no harm.
void read_tail(Reader& reader) {
  if (setjmp(png_jmpbuf(reader.png)) == 0) png_read_end(reader.png, reader.info);
}

}  // namespace

Decoded decode_png(std::span<const std::byte> encoded, const DecodeLimits& limits, int) {
  Reader reader;
  reader.rest = encoded;
  reader.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &reader, on_error, on_warning);
  require(reader.png != nullptr, ErrorKind::kOutOfMemory, "[png] cannot start the decoder");
  reader.info = png_create_info_struct(reader.png);
  require(reader.info != nullptr, ErrorKind::kOutOfMemory, "[png] cannot start the decoder");
  require(read_header(reader), ErrorKind::kCorruptFile, "[png] {}", reader.error);
  const std::uint64_t width = png_get_image_width(reader.png, reader.info);
  const std::uint64_t height = png_get_image_height(reader.png, reader.info);
  check_dimensions("png", width, height, limits);
  reader.decoded.image = Image(static_cast<int>(width), static_cast<int>(height));
  for (int y = 0; y < static_cast<int>(height); ++y) reader.rows.push_back(reader.decoded.image.at(0, y));
  require(read_pixels(reader), ErrorKind::kCorruptFile, "[png] {}", reader.error);
  read_tail(reader);
  png_bytep exif = nullptr;
  png_uint_32 exif_bytes = 0;
  if (png_get_eXIf_1(reader.png, reader.info, &exif_bytes, &exif) != 0)
    reader.decoded.orientation = exif_orientation({reinterpret_cast<const std::byte*>(exif), exif_bytes});
  return std::move(reader.decoded);
}

}  // namespace fovea
