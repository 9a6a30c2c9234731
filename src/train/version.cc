#include "train/version.h"

#include <torch/headeronly/version.h>

namespace fovea::train {

std::string torch_version() { return std::string("LibTorch ") + TORCH_VERSION; }

}  // namespace fovea::train
