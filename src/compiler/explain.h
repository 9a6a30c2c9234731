#pragma once

#include <string>

#include "engine/plan.h"

namespace fovea {

/// Why a step of a plan runs as it does: what every tactic of the backend says of its node, with the types and layouts
/// of the plan, one line each, the chosen one marked. kNotFound naming some steps when the plan has no node of that
/// name.
std::string explain(const Plan& plan, const std::string& node, const Backend& backend, const DeviceInfo& device);

}  // namespace fovea
