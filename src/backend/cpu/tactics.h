#pragma once

#include <span>

#include "backend/api/tactic.h"

namespace fovea::cpu {

std::span<const Tactic> tactics();  ///< best guess first, `reference` last

}  // namespace fovea::cpu
