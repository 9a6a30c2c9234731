#pragma once

#include <string>
#include <vector>

#include "backend/api/tactic.h"

namespace fovea {

/// "cpu", "cuda[:N]", "tensorrt", "auto" (the best that is there). kUnsupported: "built without NAME". Lives for ever.
const Backend& backend_by_name(const std::string& device);
std::vector<const Backend*> all_backends();

}  // namespace fovea
