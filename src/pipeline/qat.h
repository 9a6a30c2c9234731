#pragma once

#include "pipeline/data_in.h"
#include "pipeline/model_source.h"
#include "quantize/insert_quantization.h"

namespace fovea {

struct QatOptions {
  QuantizeForm form;
  std::uint64_t seed = 1;  ///< of the calibration images
  DecodeLimits limits;
};

/// The model with 8-bit rounding made explicit for quantisation-aware training: batch-norm folded, channels equalised
/// and ranges chosen on training images as `build` does it, quantize/dequantize pairs at activations and weights, the
/// weights as float constants behind their quantize node. A model that holds Q/DQ nodes keeps their places and scales.
Graph quantization_aware(const SourceModel& source, const DataIn& data, const QatOptions& options);

/// After training: weights behind a quantize node become the 8-bit constants that it gives (Q/DQ as ONNX has it).
void store_quantized_weights(Graph& graph);

}  // namespace fovea
