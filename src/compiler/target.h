#pragma once

#include <memory>

#include "backend/api/tactic.h"
#include "passes/pass.h"

namespace fovea {

/// The name of the tactic that runs everything, slowly; fusing into something that only it runs never pays.
inline constexpr std::string_view kReferenceTactic = "reference";

/// What passes may ask about a target: `runs` is true where a tactic other than the reference takes the node in some
/// layout. `backend` must outlive the context; `threads`: 0 is the default.
PassContext target_context(const Backend& backend, const DeviceInfo& device, int threads);

}  // namespace fovea
