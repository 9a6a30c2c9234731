#include "backend/cpu/tactics.h"

#include <array>

namespace fovea::cpu {

/// The whole backend on one screen. Best guess first within an op: opt-level 0 takes the first that says yes.
std::span<const Tactic> tactics() {
  static const std::array kTactics = {
      kOnednnConv,    kOnednnInnerProduct, kOnednnPool,      kOnednnBinary, kOnednnElementwise, kOnednnReorder,
      kOnednnSoftmax, kOnednnLrn,          kOnednnBatchNorm, kOnednnPRelu,  kOnednnReduce,      kReference,
  };
  return kTactics;
}

}  // namespace fovea::cpu
