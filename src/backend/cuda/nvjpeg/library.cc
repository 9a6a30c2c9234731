#include "backend/cuda/nvjpeg/library.h"

#include <dlfcn.h>

#include "base/error.h"
#include "base/log/log.h"

namespace fovea::cuda::nvjpeg {
namespace {

template <typename Function>
bool find(void* module, const char* symbol, Function& function) {
  function = reinterpret_cast<Function>(dlsym(module, symbol));
  return function != nullptr;
}

const Library* open_library() {
  static Library found{};
  for (const char* name : {"libnvjpeg.so.13", "libnvjpeg.so.12"}) {
    void* module = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (module != nullptr && find(module, "nvjpegCreateEx", found.create) &&
        find(module, "nvjpegDestroy", found.destroy) && find(module, "nvjpegJpegStateCreate", found.create_state) &&
        find(module, "nvjpegJpegStateDestroy", found.destroy_state) &&
        find(module, "nvjpegDecodeBatchedInitialize", found.initialize) &&
        find(module, "nvjpegDecodeBatched", found.decode))
      return &found;
  }
  return nullptr;
}

}  // namespace

const Library* library() {
  static const Library* const opened = open_library();
  return opened;
}

void check(int status, const char* call) {
  if (status != 0) fail(ErrorKind::kDevice, "[cuda] nvJPEG {}: status {}", call, status);
}

Handle::Handle() {
  int status = -1;
  for (const Engine engine : {Engine::kHardware, Engine::kGpuHybrid, Engine::kDefault}) {
    engine_ = engine;
    status = library()->create(static_cast<int>(engine), nullptr, nullptr, 0, &handle_);
    if (status == 0) break;
  }
  check(status, "create");
  log_debug("nvJPEG decodes with backend {}", static_cast<int>(engine_));
  const int made = library()->create_state(handle_, &state_);
  if (made != 0) library()->destroy(handle_);
  check(made, "create_state");
}

Handle::~Handle() {
  library()->destroy_state(state_);
  library()->destroy(handle_);
}

}  // namespace fovea::cuda::nvjpeg
