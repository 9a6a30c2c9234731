#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "backend/api/photo_decoder.h"
#include "base/error.h"
#include "engine/pixel_context.h"

namespace fovea {

/// Who decodes photos. kAuto: the device where it can.
enum class DecodeOn : int { kAuto, kCpu, kDevice };
DecodeOn decode_on_from_name(const std::string& name);  ///< "auto", "cpu", "device"; kInvalidArgument

/// Photos to probabilities on one stream: what the device decodes never comes back to the host, all else goes through
/// the CPU's decoder and preprocess(), photo by photo, with its limits and errors. Not thread-safe: one per thread;
/// several at once keep a device busy (one decodes while the other's network runs).
class PhotoContext {
 public:
  /// As PixelContext; kUnsupported for kDevice where the device decodes no photos.
  PhotoContext(std::shared_ptr<const Executor> executor, const DecodeLimits& limits, DecodeOn where, int threads = 0);
  /// By photo why it has no probabilities (its row then means nothing). `probabilities`: n × classes.
  std::vector<std::optional<Error>> run(std::span<const Encoded> photos, std::span<float> probabilities);
  bool on_device() const { return decoder_ != nullptr; }
  PixelContext& pixels() { return pixels_; }

 private:
  void prepare(std::span<const Encoded> photos, const std::vector<bool>& done, std::span<std::optional<Error>> errors);

  PixelContext pixels_;
  DecodeLimits limits_;
  std::unique_ptr<PhotoDecoder> decoder_;
  std::vector<std::uint8_t> prepared_;  ///< by the CPU, in the places of their photos
};

}  // namespace fovea
