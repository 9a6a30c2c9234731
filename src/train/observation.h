#pragma once

#include <span>
#include <string>

#include "train/api.h"

namespace fovea::train {

/// One sentence about the last of `epochs`, computed from the figures: change of the loss, where validation stands
/// against training and against its best, plateaus. `classes`: for what guessing would give.
std::string observe(std::span<const EpochFigures> epochs, int classes);

}  // namespace fovea::train
