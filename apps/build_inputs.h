#pragma once

#include <filesystem>
#include <optional>

#include "option_groups.h"
#include "pipeline/data_in.h"
#include "pipeline/model_source.h"

namespace fovea::apps {

/// A model that is to be optimised or exported, and the photos that prove it.
struct BuildInputs {
  SourceModel source;
  std::optional<DataIn> photos;  ///< none without --data
  const DataIn* data() const { return photos ? &*photos : nullptr; }
};

/// Reads both and gives `build` what it takes of the data's options. Warns where nothing will be proven.
BuildInputs read_build_inputs(const std::filesystem::path& model, int size, const DataSettings& data,
                              BuildSettings& build);

/// kUsage where `out` is a folder, or the very file that `in` is.
void require_other_file(const std::filesystem::path& in, const std::filesystem::path& out);

}  // namespace fovea::apps
