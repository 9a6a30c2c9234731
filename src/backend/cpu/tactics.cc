#include "backend/cpu/tactics.h"

#include <array>

namespace fovea::cpu {

/// The whole backend on one screen. Best guess first within an op: opt-level 0 takes the first that says yes.
std::span<const Tactic> tactics() {
  static const std::array kTactics = {
      kPixels,
      kOnednnConv,
      kOnednnInnerProduct,  // weights
      kAverage,
      kOnednnPool,
      kOnednnReduce,  // windows
      kLookup,
      kOnednnElementwise,
      kOnednnBinary,
      kOnednnPRelu,
      kOnednnSoftmax,
      kOnednnLrn,
      kOnednnBatchNorm,
      kLayerNorm,  // normalisation
      kConvert,
      kOnednnReorder,
      kConcat,
      kMove,  // moves
      kWidened,
      kReference,  // whatever is left
  };
  return kTactics;
}

}  // namespace fovea::cpu
