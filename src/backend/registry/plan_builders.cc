#include "backend/registry/plan_builders.h"

#include "backend/absent.h"
#ifdef FOVEA_TENSORRT
#include "backend/tensorrt/tensorrt_plans.h"
#endif

namespace fovea {

const PlanBuilder& plan_builder(const std::string& name) {
#ifdef FOVEA_TENSORRT
  if (name == "tensorrt") return tensorrt_plans();
#endif
  fail_absent(name);
}

}  // namespace fovea
