#include "backend/registry/registry.h"

#include <charconv>

#include "backend/absent.h"
#include "backend/cpu/cpu_backend.h"
#include "base/error.h"
#ifdef FOVEA_CUDA
#include "backend/cuda/cuda_backend.h"
#endif
#ifdef FOVEA_TENSORRT
#include "backend/tensorrt/tensorrt_backend.h"
#endif

namespace fovea {

std::vector<const Backend*> all_backends() {
  return {
#ifdef FOVEA_CUDA
      &cuda_backend(),
#endif
      &cpu_backend(),
#ifdef FOVEA_TENSORRT
      &tensorrt_backend(),  // behind the CPU: asked for by name, never what `auto` takes
#endif
  };
}

const Backend& backend_by_name(const std::string& device) {
  const std::string family = device.substr(0, device.find(':'));
  for (const Backend* backend : all_backends())
    if (backend->name() == family || (device == "auto" && backend->available())) return *backend;
  fail_absent(device);
}

int device_index(const std::string& device) {
  const std::size_t colon = device.find(':');
  if (colon == std::string::npos) return 0;
  int index = -1;
  const char* end = device.data() + device.size();
  const auto [rest, error] = std::from_chars(device.data() + colon + 1, end, index);
  require(error == std::errc() && rest == end && index >= 0, ErrorKind::kInvalidArgument,
          "[device] '{}' given, expected auto, cpu, cuda[:N] or tensorrt", device);
  return index;
}

}  // namespace fovea
