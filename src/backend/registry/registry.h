#pragma once

#include <string>
#include <vector>

#include "backend/api/tactic.h"

namespace fovea {

/// "cpu", "cuda[:N]", "tensorrt", "auto" (the best that is there). kWrongDevice: "built without NAME". Lives for ever.
const Backend& backend_by_name(const std::string& device);
/// N of "cuda:N", else 0. kInvalidArgument.
int device_index(const std::string& device);
/// Those that this build holds, best first.
std::vector<const Backend*> all_backends();

}  // namespace fovea
