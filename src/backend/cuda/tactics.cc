#include "backend/cuda/tactics.h"

#include <array>

namespace fovea::cuda {

/// The whole backend on one screen. Best guess first within an op: opt-level 0 takes the first that says yes.
std::span<const Tactic> tactics() {
  static const std::array kTactics = {
      kPixels,  kFront,  kBottleneck, kRows, kStem,    kStrips, kDepthwise, kCudnn,  kPointwise, kWindow,
      kProduct, kGather, kPool,       kFold, kSoftmax, kLrn,    kUnary,     kBinary, kMove,
  };
  return kTactics;
}

}  // namespace fovea::cuda
