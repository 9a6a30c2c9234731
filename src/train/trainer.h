#pragma once

#include "train/api.h"

namespace fovea::train {

/// See Api::train. kInvalidArgument also when the loss is no number any more, naming the learning rate, and when no
/// training or validation image decodes; kCancelled between two steps.
TrainResult train(const Graph& graph, const Dataset& dataset, const DataSplit& split, const PreprocessSpec& spec,
                  const TrainOptions& options);

}  // namespace fovea::train
