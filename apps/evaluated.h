#pragma once

#include <memory>
#include <optional>

#include "engine/engine.h"
#include "eval/runner.h"
#include "pipeline/data_in.h"
#include "pipeline/model_source.h"

namespace fovea::apps {

/// An engine or a bare model that a command was given, as something that runs.
struct Subject {
  std::shared_ptr<const Engine> engine;  ///< of a model: its fp32 plan at opt-level 0
  std::optional<SourceModel> source;     ///< of a model
  std::string name;
};
struct SubjectOptions {
  std::filesystem::path engine, model;
  std::string preprocess;
  std::string device = "auto";
};
/// kInvalidArgument unless exactly one of the two is named.
Subject load_subject(const SubjectOptions& options, int threads);
std::unique_ptr<Runner> make_runner(const Subject& subject, int threads);

/// The images that --split means for this subject, labels aligned with its classes, and what the split is called.
struct SplitImages {
  Dataset dataset;
  std::vector<int> samples;
  std::string split;
};
SplitImages split_images(const Subject& subject, const DataSettings& data, const std::string& split);

}  // namespace fovea::apps
