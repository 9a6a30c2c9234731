#pragma once

#include <nlohmann/json_fwd.hpp>

#include "base/io/file.h"
#include "pipeline/data_in.h"
#include "pipeline/model_source.h"
#include "quantize/optimize.h"

namespace fovea {

struct ExportSettings {
  std::string runtime;                             ///< "tensorrt", "onnxruntime", "openvino"
  std::vector<std::int64_t> batches = {1, 8, 32};  ///< least, usual and most images at once: the profile hint
};

/// TensorRT's own plan of an exported model.
struct VendorPlanSettings {
  std::filesystem::path out;  ///< empty: none is built
  std::filesystem::path timing_cache;
  int opt_level = 3;
  int workspace_mb = 0;
  bool refit = false;
};

struct ExportedModel {
  Bytes onnx;
  Graph graph;  ///< as written
  OptimizeResult evidence;
  bool dynamic_batch = true;
  double seconds = 0;
};

/// The model as another runtime takes it (quantize/portable.h), with labels, preprocess spec, split, `fovea.export` and
/// `fovea.profile` in its metadata. Input and output are the model's own; one that ended in a log-softmax ends in
/// logits.
ExportedModel export_model(const SourceModel& source, const DataIn* data, const BuildSettings& settings,
                           const ExportSettings& wanted, int threads);

/// Has TensorRT build its plan of the exported model and writes it; the timing cache is read and written where named.
/// Returns {runtime, bytes, layers, warnings, seconds}. Needs no GPU where the library needs none (TensorRT-RTX).
nlohmann::json build_vendor_plan(const ExportedModel& exported, const ExportSettings& wanted,
                                 const VendorPlanSettings& settings);
/// Says before any work what would end it: "built without TensorRT", or no library.
void require_vendor(const VendorPlanSettings& settings);

/// [{name, op, precision}] of the nodes that compute, in a graph with explicit quantisation.
nlohmann::json describe_typed_nodes(const Graph& graph);

nlohmann::json export_report(const ExportedModel& exported, const ExportSettings& wanted);

}  // namespace fovea
