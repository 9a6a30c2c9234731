#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "train/api.h"
#include "train/learner.h"
#include "train/schedule.h"

// Internal: the options of a run with nothing left open.
namespace fovea::train {

struct Recipe {
  int epochs = 5;
  int batch = 32;  ///< at most; see even_batch()
  int views = 1;   ///< passes per epoch, each with other random changes
  Augmentation augmentation;
  Schedule schedule;
  LearnerOptions learner;
  bool settles = false;  ///< too few steps for running averages: statistics are taken anew after each epoch
  std::uint64_t seed = 1;
};

/// kInvalidArgument naming the option.
Recipe make_recipe(const TrainOptions& options, std::int64_t train_images);

/// What a checkpoint must agree with, as text by name.
std::map<std::string, std::string> fingerprint(const Recipe& recipe, const Graph& graph, const Dataset& dataset,
                                               const DataSplit& split, const PreprocessSpec& spec);

}  // namespace fovea::train
