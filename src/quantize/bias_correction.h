#pragma once

#include <map>
#include <string>

#include "quantize/observation.h"
#include "quantize/typed_graph.h"

namespace fovea {

/// Bias correction (Nagel et al., ICCV 2019, section 4.2, with E[x] measured on calibration images instead of computed
/// from batch-norm): rounding weights by ΔW moves a layer's mean output by ΔW·E[x], which goes into the bias. By node:
/// the new bias of every convolution and gemm that the recipe lowers and whose input's `channels` were seen. Padding
/// is taken to be no different from the inside.
std::map<std::string, Tensor> corrected_biases(const Int8Recipe& recipe,
                                               const std::map<std::string, ChannelFigures>& channels);

}  // namespace fovea
