#pragma once

#include <string_view>
#include <vector>

#include "engine/plan.h"

namespace fovea {

/// The parts of a convolutional network as they are taught, in order.
enum class LayerGroup { kInput, kConvolution, kPooling, kFullyConnected, kSoftmax };
std::string_view name(LayerGroup group);  ///< "input", "convolution", "pooling", "fully connected", "softmax"

/// The groups of each step of a plan. Steps that are no such part themselves (activations, additions, reformats) belong
/// to the part before them; a convolution that sees one position only is fully connected; a region has those of its
/// nodes, a whole network each part.
std::vector<std::vector<LayerGroup>> layer_groups(const Plan& plan);

}  // namespace fovea
