#pragma once

#include <string>

namespace fovea::train {

std::string torch_version();  ///< "LibTorch 2.11.0"

}  // namespace fovea::train
