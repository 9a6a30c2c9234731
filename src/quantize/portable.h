#pragma once

#include "quantize/optimize.h"

namespace fovea {

/// The form in which another runtime accelerates a model.
struct RuntimeForm {
  std::string_view name;      ///< "tensorrt", "onnxruntime", "openvino"
  QuantizedNumbers integers;  ///< of int8: GPUs take signed numbers around 0 only
  Precision rest;             ///< of what is not quantised
  bool integer_biases;        ///< biases of quantised layers as s32, else real
  std::vector<Precision> takes;
};
const RuntimeForm& runtime_form(std::string_view name);  ///< kInvalidArgument listing the names

/// A typed model for another runtime, and how it came about.
struct Portable {
  Graph graph;              ///< strongly typed (quantize/strong_types.h), front end and softmax included
  OptimizeResult evidence;  ///< candidates in the order tried (opt-level 0, not timed), gate, calibration, fallbacks
};

/// Front-ended model (float tensor in) → graph for `form`. Precision is chosen by accuracy alone, since times on this
/// device say nothing of another: of what the runtime takes the narrowest that passes the gate (int8, int8 with the
/// most sensitive nodes wider, fp16, fp32; without validation images fp32); a named one is built alone. What is judged
/// is the same typed graph, run by `backend`. kGateFailed as of optimize(); kUnsupported for a model that holds Q/DQ
/// nodes or a precision that the runtime does not take.
Portable make_portable(const FrontEnd& front, const FrontEnd* against, EngineInfo info, const Backend& backend,
                       std::shared_ptr<Device> device, const OptimizeData& data, const OptimizeOptions& options,
                       const RuntimeForm& form);

}  // namespace fovea
