#include <webp/decode.h>
#include <webp/demux.h>

#include <memory>
#include <vector>

#include "base/error.h"
#include "image/decoders.h"
#include "image/exif.h"

namespace fovea {
namespace {

struct DeleteDemuxer {
  void operator()(WebPDemuxer* demuxer) const { WebPDemuxDelete(demuxer); }
};
struct DeleteAnimation {
  void operator()(WebPAnimDecoder* decoder) const { WebPAnimDecoderDelete(decoder); }
};

int orientation_of(const WebPDemuxer& demuxer) {
  WebPChunkIterator chunk;
  int orientation = 1;
  if (WebPDemuxGetChunk(&demuxer, "EXIF", 1, &chunk) != 0)
    orientation = exif_orientation({reinterpret_cast<const std::byte*>(chunk.chunk.bytes), chunk.chunk.size});
  WebPDemuxReleaseChunkIterator(&chunk);
  return orientation;
}

/// The first frame on its canvas; alpha is dropped.
void decode_animation(const WebPData& data, Image& image) {
  WebPAnimDecoderOptions options;
  WebPAnimDecoderOptionsInit(&options);
  options.color_mode = MODE_RGBA;
  const std::unique_ptr<WebPAnimDecoder, DeleteAnimation> decoder(WebPAnimDecoderNew(&data, &options));
  std::uint8_t* canvas = nullptr;
  int timestamp = 0;
  require(decoder != nullptr && WebPAnimDecoderGetNext(decoder.get(), &canvas, &timestamp) != 0,
          ErrorKind::kCorruptFile, "[webp] the first frame cannot be decoded");
  for (std::size_t i = 0; i * 3 < image.pixels.size(); ++i)
    for (std::size_t c = 0; c < 3; ++c) image.pixels[i * 3 + c] = canvas[i * 4 + c];
}

}  // namespace

Decoded decode_webp(std::span<const std::byte> encoded, const DecodeLimits& limits, int) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(encoded.data());
  WebPBitstreamFeatures features;
  require(WebPGetFeatures(bytes, encoded.size(), &features) == VP8_STATUS_OK, ErrorKind::kCorruptFile,
          "[webp] the header cannot be read");
  check_dimensions("webp", static_cast<std::uint64_t>(features.width), static_cast<std::uint64_t>(features.height),
                   limits);
  Decoded decoded;
  decoded.image = Image(features.width, features.height);
  const WebPData data = {bytes, encoded.size()};
  const std::unique_ptr<WebPDemuxer, DeleteDemuxer> demuxer(WebPDemux(&data));
  if (demuxer != nullptr) decoded.orientation = orientation_of(*demuxer);
  if (features.has_animation != 0) {
    decode_animation(data, decoded.image);
    return decoded;
  }
  require(WebPDecodeRGBInto(bytes, encoded.size(), decoded.image.pixels.data(), decoded.image.pixels.size(),
                            features.width * 3) != nullptr,
          ErrorKind::kCorruptFile, "[webp] the picture is damaged or truncated");
  return decoded;
}

}  // namespace fovea
