#pragma once

#include <span>
#include <string>

#include "base/random.h"
#include "image/preprocess.h"

namespace fovea {

/// Random changes of training images; the randomness is a function of seed, epoch and sample index only.
struct Augmentation {
  double min_area = 1.0;  ///< random resized crop: area fraction in [min_area, 1]; 1: the spec's own crop
  double flip = 0.0;      ///< probability of mirroring
  float jitter = 0.0F;    ///< brightness, contrast and saturation, each within 1 ± jitter
  bool operator==(const Augmentation&) const = default;
  static Augmentation by_name(const std::string& name);  ///< "none", "light", "standard", "strong"; kInvalidArgument
};

/// A decoded photo to height × width × channels u8 pixels, as preprocess() but changed.
void augment(const ImageView& image, const PreprocessSpec& spec, const Augmentation& how, Random random,
             std::span<std::uint8_t> pixels);

}  // namespace fovea
