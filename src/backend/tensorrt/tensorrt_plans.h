#pragma once

#include "backend/api/plan_builder.h"

namespace fovea {

/// Opens the library at the first call; kUnsupported naming what was looked for where none is there.
const PlanBuilder& tensorrt_plans();

}  // namespace fovea
