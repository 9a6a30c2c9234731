#pragma once

#include <filesystem>
#include <string>

#include "data/dataset.h"
#include "interop/model.h"

namespace fovea {

/// A model as the user gave it, with the preprocessing to use.
struct SourceModel {
  Model model;
  PreprocessSpec spec;
  bool spec_guessed = false;
  int classes = 0;
  std::string hash;  ///< content of the file
};

/// Reads an ONNX file; the spec comes from `preprocess` (imagenet, unit or a file), else from the file's metadata, else
/// it is imagenet with a warning that it is a guess. `size` is for models that leave height and width open.
SourceModel load_source(const std::filesystem::path& path, const std::string& preprocess, int size = 0);

/// Classes of the image classifier `graph`: the last dimension of its output. kUnsupported when it has not one output.
int class_count(const Graph& graph);

/// Makes the folder's labels the model's classes: by `class_map` where given, by name where the model has labels, in
/// order where the counts agree. kInvalidArgument saying what does not fit.
void align_labels(Dataset& dataset, const std::vector<std::string>& labels, int classes, const std::string& class_map);

}  // namespace fovea
