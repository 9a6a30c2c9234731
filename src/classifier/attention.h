#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "classifier/classifier.h"

namespace fovea {

/// Where in the picture the evidence for a class lies: `map` is height × width, 0 (none) to 1 (most).
struct Attention {
  std::string kind;  ///< "class_activation" or "occlusion"
  int class_index = 0;
  int width = 0, height = 0;
  std::vector<float> map;
};

/// The class-activation map (Zhou et al. 2016) of an engine that ends convolution → global average pooling → fully
/// connected: the tail behind the pooling runs on the features of one position at a time instead of their mean, which
/// by linearity is the weighted sum of the feature maps, whatever form the packed weights have. `pixels`: one image.
/// Empty where the engine does not end so.
std::optional<Attention> class_activation_map(const Classifier& classifier, std::span<const std::uint8_t> pixels,
                                              int class_index);

/// How much the class's probability falls when a grey patch covers each cell of a grid × grid (Zeiler & Fergus 2014);
/// patches are two cells wide.
Attention occlusion_map(const Classifier& classifier, std::span<const std::uint8_t> pixels, int class_index,
                        int grid = 7);

}  // namespace fovea
