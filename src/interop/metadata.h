#pragma once

#include <onnx/onnx_pb.h>

#include "interop/model.h"

namespace fovea::interop {

/// metadata_props ↔ the fields of Model. Own entries: fovea.labels, fovea.preprocess, fovea.split, fovea.history,
/// fovea.class_map (JSON). Read besides: `names` of Ultralytics and `id2label` of Hugging Face as labels.
void read_metadata(const onnx::ModelProto& proto, Model& model);
void write_metadata(const Model& model, onnx::ModelProto& proto);

}  // namespace fovea::interop
