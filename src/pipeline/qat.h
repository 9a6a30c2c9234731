#pragma once

#include "pipeline/data_in.h"
#include "pipeline/model_source.h"

namespace fovea {

/// The model with 8-bit rounding made explicit for quantisation-aware training: batch-norm folded, ranges from a
/// calibration on training images (mean squared error), quantize/dequantize pairs at activations and weights, the
/// weights as float constants behind their quantize node. A model that holds Q/DQ nodes keeps their places and scales.
Graph quantization_aware(const SourceModel& source, const DataIn& data, std::uint64_t seed, const DecodeLimits& limits);

/// After training: weights behind a quantize node become the 8-bit constants that it gives (Q/DQ as ONNX has it).
void store_quantized_weights(Graph& graph);

}  // namespace fovea
