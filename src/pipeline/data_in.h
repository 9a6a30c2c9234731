#pragma once

#include <optional>
#include <string>
#include <vector>

#include "data/check.h"
#include "data/dataset.h"
#include "data/split.h"
#include "pipeline/model_source.h"
#include "pipeline/settings.h"
#include "report/trace.h"

namespace fovea {

/// Stage 1: a folder of photos, every one of which decodes, and which of them train and validate.
struct DataIn {
  Dataset dataset;
  DataSplit split;
  std::vector<int> train, val;  ///< indices of samples
  ImageFigures figures;
};

/// `known_split` (JSON of a model or engine) is used where it knows any of these images (new ones are split by
/// the settings), else a split is made by the settings.
DataIn read_data(const DataSettings& settings, const std::string& known_split = {});

/// The photos that prove a model: its split where it knows them, labels aligned with its classes by
/// `settings.class_map`, which the model then carries, or as align_labels does. None without a folder.
std::optional<DataIn> read_data_of(SourceModel& source, const DataSettings& settings);

/// What a page calls a folder: "photos", for `photos/` and, inside it, for `.` too.
std::string folder_name(const std::filesystem::path& folder);

/// `made_here`: the pictures were drawn by this program.
StageTrace trace_data_in(const DataIn& data, const DataSettings& settings, bool made_here, double seconds);

/// What a trace calls this data: "800 photos of 3 classes".
std::string describe(const DataIn& data);

}  // namespace fovea
