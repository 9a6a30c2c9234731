#pragma once

#include <functional>

#include "interop/model.h"
#include "pipeline/data_in.h"
#include "pipeline/model_source.h"
#include "report/trace.h"
#include "train/api.h"

namespace fovea {

struct Trained {
  Model model;  ///< with labels, spec, split and history
  std::vector<train::EpochFigures> epochs;
  std::string device;
  std::string net;  ///< "small", or the base model's file name
  double seconds = 0;
  std::vector<SkippedImage> skipped;
};

/// The split that the base model carries, so that images that trained it never validate; empty where there is none.
std::string known_split(const TrainSettings& settings);

/// The preprocessing that training will use, known before it starts (stages 2 and 3 show it).
PreprocessSpec training_spec(const TrainSettings& settings);

/// Stage 4: a net of the zoo, or another model with a new head, trained on data.train and measured on data.val.
Trained train_model(const DataIn& data, const TrainSettings& settings, std::uint64_t seed, const DecodeLimits& limits,
                    const std::function<void(const train::EpochFigures&)>& on_epoch);

nlohmann::json to_json(const train::EpochFigures& epoch);
/// A line of the terminal's table, with its head: Epoch | Loss | Accuracy | Observation.
std::string epoch_table_head();
std::string epoch_table_row(const train::EpochFigures& epoch);
/// `1 |************` : one bar per epoch, as long as the loss.
std::string loss_bars(const std::vector<train::EpochFigures>& epochs);

StageTrace trace_training(const Trained& trained, const DataIn& data);
/// For a model that was given: its training history where its metadata holds one, else that it has none.
StageTrace trace_given_model(const SourceModel& source);

}  // namespace fovea
