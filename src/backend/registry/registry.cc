#include "backend/registry/registry.h"

#include "backend/absent.h"
#include "backend/cpu/cpu_backend.h"

namespace fovea {

std::vector<const Backend*> all_backends() { return {&cpu_backend()}; }

const Backend& backend_by_name(const std::string& device) {
  if (device == "auto") return *all_backends().front();
  for (const Backend* backend : all_backends()) {
    if (backend->name() == device) return *backend;
  }
  fail_absent(device);
}

}  // namespace fovea
