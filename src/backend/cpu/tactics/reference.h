#pragma once

#include "backend/api/tactic.h"

namespace fovea::cpu {

/// Any op, any types, plain layouts: the slow, obvious version (about 1 GMAC/s), so that every model that imports also
/// runs. The one step that allocates during run.
extern const Tactic kReference;

}  // namespace fovea::cpu
