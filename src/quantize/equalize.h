#pragma once

#include <map>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "quantize/observation.h"

namespace fovea {

/// Cross-layer equalisation (Nagel, van Baalen, Blankevoort, Welling: "Data-free quantization through weight
/// equalization and bias correction", ICCV 2019): W₁x → act → W₂ computes the same when channel i is divided by sᵢ
/// before and multiplied by sᵢ after an activation with act(s·x) = s·act(x), s > 0; with sᵢ = √(r₁ᵢ/r₂ᵢ) both weights
/// get channels of one range.
///
/// By producing convolution: what its output channels are divided by.
using ChannelScales = std::map<std::string, std::vector<float>>;

/// Scales for every convolution whose only reader is a convolution (dense, ungrouped; or depthwise), through nothing,
/// relu, leaky relu or clip from 0. The clip at β is no homogeneous function: a channel that reached β keeps s = 1, and
/// one that stayed at h < β gets s ≥ 1.25·h/β (at most 1), so that what calibration saw is computed as before.
/// `channels`: of the convolutions' outputs, by value name; a clip whose channels were not seen is passed over.
ChannelScales equalization_scales(const Graph& graph, const std::map<std::string, ChannelFigures>& channels);

/// Applies scales in place; constants are made anew. kCorruptFile when they do not fit the graph (they may come from a
/// calibration cache).
void equalize(Graph& graph, const ChannelScales& scales);

}  // namespace fovea
