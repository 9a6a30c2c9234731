#pragma once

#include "backend/api/tactic.h"

namespace fovea::tensorrt {

/// A region whose packed bytes are TensorRT's plan; config `profile`: which of its optimisation profiles.
extern const Tactic kPlan;

}  // namespace fovea::tensorrt
