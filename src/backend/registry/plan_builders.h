#pragma once

#include "backend/api/plan_builder.h"

namespace fovea {

/// The compiler of "tensorrt". kWrongDevice: "built without TensorRT", or its library is not found. Lives for ever.
const PlanBuilder& plan_builder(const std::string& name);

}  // namespace fovea
