#pragma once

#include <array>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "image/decode.h"
#include "image/image.h"

namespace fovea {

enum class ResizeMode { kShortSide, kExact, kLetterbox };
enum class ResizeFilter { kNearest, kBilinear, kBicubic, kLanczos };
enum class ColorOrder { kRgb, kBgr, kGray };

inline constexpr int kMostInputSide = 16384;
inline constexpr std::uint64_t kMostInputBytes = std::uint64_t{16} << 30;  ///< of the pixels of one batch

/// How a photo becomes the network's input; the same code in training, evaluation and serving. Travels in models (JSON
/// in the ONNX metadata) and engines. Pixels: resize so that the crop is `crop_fraction` of the resized side, centre
/// crop to height × width, colour order. Values (done by the graph's first node): (pixel · scale − mean[c]) / std[c].
struct PreprocessSpec {
  int height = 224;
  int width = 224;
  ResizeMode mode = ResizeMode::kShortSide;
  ResizeFilter filter = ResizeFilter::kBilinear;
  bool antialias = true;
  double crop_fraction =
      1.0;  ///< e.g. 0.875 = 224 / 256; the side resized to (letterbox: within) is floor(size / fraction)
  ColorOrder color = ColorOrder::kRgb;
  float scale = 1.0F / 255.0F;
  std::array<float, 3> mean = {0, 0, 0};  ///< in the order of `color`; grey uses the first
  std::array<float, 3> std = {1, 1, 1};
  bool scaled_decode = false;                    ///< JPEG may be decoded at 1/2, 1/4, 1/8
  std::array<std::uint8_t, 3> fill = {0, 0, 0};  ///< letterbox border

  int channels() const { return color == ColorOrder::kGray ? 1 : 3; }
  std::size_t pixel_bytes() const {
    return static_cast<std::size_t>(height) * static_cast<std::size_t>(width) * static_cast<std::size_t>(channels());
  }
  /// Pixels of `images` of them. kInvalidArgument for a side outside 1 to kMostInputSide or more than kMostInputBytes:
  /// asked before such a buffer is allocated.
  std::size_t batch_bytes(std::int64_t images) const;
  bool operator==(const PreprocessSpec&) const = default;

  static PreprocessSpec unit(int size);      ///< resize, ÷ 255
  static PreprocessSpec imagenet(int size);  ///< short side size / 0.875, centre crop, mean and std of ImageNet
};

/// kInvalidArgument naming the field. Reads three dialects: Fovea's own, timm's `pretrained_cfg`, Hugging Face's
/// `preprocessor_config.json`.
nlohmann::json to_json(const PreprocessSpec& spec);
PreprocessSpec preprocess_from_json(const nlohmann::json& json);
/// `imagenet`, `unit` or a path to a JSON file. `size` is used by the two names.
PreprocessSpec preprocess_from_argument(const std::string& argument, int size);

/// Writes height × width × channels() u8 pixels (HWC). kOutOfMemory. Thread-safe; works on the caller's thread only.
void preprocess(const ImageView& image, const PreprocessSpec& spec, std::span<std::uint8_t> pixels);
/// One RGB pixel in another order: channels of `to` as in `color`. Grey is Pillow's "L" (ITU-R 601 luma, fixed point).
void put_pixel(const std::uint8_t* rgb, ColorOrder color, std::uint8_t* to);
/// The other way round, for people: the prepared pixels as an RGB picture.
Image picture_of(std::span<const std::uint8_t> pixels, const PreprocessSpec& spec);
/// The photo as training, evaluation and serving see it: decoded at a fraction of its size where the spec allows that.
Image decode_for(std::span<const std::byte> encoded, const PreprocessSpec& spec, const DecodeLimits& limits);
/// decode_for() and preprocess().
void preprocess_encoded(std::span<const std::byte> encoded, const PreprocessSpec& spec, const DecodeLimits& limits,
                        std::span<std::uint8_t> pixels);

}  // namespace fovea
