#pragma once

#include "backend/api/tactic.h"

namespace fovea {

/// NVIDIA GPUs of compute capability 9.0. Lives for ever; opening a device where there is none is kWrongDevice.
const Backend& cuda_backend();

}  // namespace fovea
