#pragma once

#include "backend/api/tactic.h"

namespace fovea {

/// Engines whose one step is TensorRT's plan. Lives for ever; opening a device where the library is absent, there is no
/// GPU, or one that the library does not run on is kWrongDevice, in one line that names version and capabilities.
const Backend& tensorrt_backend();

}  // namespace fovea
