#include <turbojpeg.h>

#include <algorithm>
#include <memory>
#include <string_view>

#include "base/error.h"
#include "image/decoders.h"
#include "image/exif.h"

namespace fovea {
namespace {

struct Destroy {
  void operator()(void* handle) const { tjDestroy(handle); }
};
using Handle = std::unique_ptr<void, Destroy>;

struct Header {
  int width = 0, height = 0, subsampling = 0, colorspace = 0;
};

/// Whether part of the picture is missing; other warnings (bad markers beside the data, …) do no harm. libjpeg keeps
/// only the first warning, so that a harmless one may hide the file's early end.
bool lost_pixels(std::string_view warning, std::span<const std::byte> encoded) {
  for (const std::string_view harmful : {"Premature end", "premature end", "bad Huffman code"})
    if (warning.find(harmful) != std::string_view::npos) return true;
  return !jpeg_complete(encoded);
}

Header read_header(tjhandle handle, std::span<const std::byte> encoded) {
  Header header;
  header.colorspace = -1;
  const int status = tjDecompressHeader3(handle, reinterpret_cast<const unsigned char*>(encoded.data()), encoded.size(),
                                         &header.width, &header.height, &header.subsampling, &header.colorspace);
  // TurboJPEG names no sampling but the usual six; it decodes the others all the same.
  const bool unnamed_sampling = header.width > 0 && header.height > 0 && header.colorspace >= 0;
  if (status != 0 && tjGetErrorCode(handle) == TJERR_FATAL && !unnamed_sampling)
    fail(ErrorKind::kCorruptFile, "[jpeg] {}", tjGetErrorStr2(handle));
  return header;
}

/// The largest reduction (1, 1/2, 1/4, 1/8) that keeps the short side at `scaled_to` or more.
tjscalingfactor scale_for(const Header& header, int scaled_to) {
  tjscalingfactor chosen = {1, 1};
  if (scaled_to <= 0) return chosen;
  for (const int denominator : {2, 4, 8}) {
    const tjscalingfactor factor = {1, denominator};
    if (TJSCALED(std::min(header.width, header.height), factor) >= scaled_to) chosen = factor;
  }
  return chosen;
}

/// Stored inverted (Adobe) and given by libjpeg as stored: 255 is no ink. Each channel fades with black, as Pillow
/// does.
void cmyk_to_rgb(const std::vector<std::uint8_t>& cmyk, Image& image) {
  for (std::size_t i = 0; i * 3 < image.pixels.size(); ++i) {
    const unsigned black = cmyk[i * 4 + 3];
    for (std::size_t c = 0; c < 3; ++c)
      image.pixels[i * 3 + c] = static_cast<std::uint8_t>((cmyk[i * 4 + c] * black + 127) / 255);
  }
}

}  // namespace

Decoded decode_jpeg(std::span<const std::byte> encoded, const DecodeLimits& limits, int scaled_to) {
  const Handle handle(tjInitDecompress());
  require(handle != nullptr, ErrorKind::kOutOfMemory, "[jpeg] cannot start the decoder");
  const auto* data = reinterpret_cast<const unsigned char*>(encoded.data());
  const Header header = read_header(handle.get(), encoded);
  check_dimensions("jpeg", static_cast<std::uint64_t>(std::max(0, header.width)),
                   static_cast<std::uint64_t>(std::max(0, header.height)), limits);
  const tjscalingfactor factor = scale_for(header, scaled_to);
  Decoded decoded;
  decoded.image = Image(TJSCALED(header.width, factor), TJSCALED(header.height, factor));
  decoded.orientation = exif_orientation(jpeg_exif(encoded));
  const bool cmyk = header.colorspace == TJCS_CMYK || header.colorspace == TJCS_YCCK;
  std::vector<std::uint8_t> inks(cmyk ? decoded.image.pixels.size() / 3 * 4 : 0);
  std::uint8_t* to = cmyk ? inks.data() : decoded.image.pixels.data();
  const int status = tjDecompress2(handle.get(), data, encoded.size(), to, decoded.image.width, 0, decoded.image.height,
                                   cmyk ? TJPF_CMYK : TJPF_RGB, TJFLAG_ACCURATEDCT | TJFLAG_LIMITSCANS);
  if (status != 0) {
    const std::string_view what = tjGetErrorStr2(handle.get());
    if (tjGetErrorCode(handle.get()) == TJERR_FATAL || lost_pixels(what, encoded))
      fail(ErrorKind::kCorruptFile, "[jpeg] {}", what);
  }
  if (cmyk) cmyk_to_rgb(inks, decoded.image);
  return decoded;
}

}  // namespace fovea
