#pragma once

#include "data/dataset.h"

namespace fovea {

/// What decoding every image once says about a dataset.
struct ImageFigures {
  int smallest_width = 0, smallest_height = 0;
  int largest_width = 0, largest_height = 0;
  double seconds = 0;
};

/// Decodes every image on all cores; those that fail are logged, moved to dataset.skipped and never seen again.
/// kInvalidArgument when none is left, or none but one class. kCancelled.
ImageFigures drop_undecodable(Dataset& dataset, const DecodeLimits& limits);

}  // namespace fovea
