#include "backend/tensorrt/driver.h"

#include <dlfcn.h>

#include "base/error.h"

namespace fovea::tensorrt {
namespace {

// The header renames functions to their current version (cuMemAlloc is cuMemAlloc_v2): so must the names looked up.
#define FOVEA_TEXT(name) #name
#define FOVEA_NAME(name) FOVEA_TEXT(name)

template <typename Function>
void find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  require(function != nullptr, ErrorKind::kWrongDevice, "no GPU: its driver has no {}", name);
}

Driver load() {
  void* library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  require(library != nullptr, ErrorKind::kWrongDevice, "no GPU: there is no driver (libcuda.so.1)");
  Driver driver{};
  find(library, FOVEA_NAME(cuInit), driver.init);
  find(library, FOVEA_NAME(cuGetErrorString), driver.error_string);
  find(library, FOVEA_NAME(cuDeviceGetCount), driver.device_count);
  find(library, FOVEA_NAME(cuDeviceGet), driver.device);
  find(library, FOVEA_NAME(cuDeviceGetName), driver.device_name);
  find(library, FOVEA_NAME(cuDeviceGetAttribute), driver.attribute);
  find(library, FOVEA_NAME(cuDevicePrimaryCtxRetain), driver.retain);
  find(library, FOVEA_NAME(cuDevicePrimaryCtxRelease), driver.release);
  find(library, FOVEA_NAME(cuCtxSetCurrent), driver.make_current);
  find(library, FOVEA_NAME(cuMemAlloc), driver.allocate);
  find(library, FOVEA_NAME(cuMemFree), driver.free);
  find(library, FOVEA_NAME(cuMemcpyHtoDAsync), driver.upload);
  find(library, FOVEA_NAME(cuMemcpyDtoHAsync), driver.download);
  find(library, FOVEA_NAME(cuStreamCreate), driver.create_stream);
  find(library, FOVEA_NAME(cuStreamDestroy), driver.destroy_stream);
  find(library, FOVEA_NAME(cuStreamSynchronize), driver.synchronize);
  const CUresult status = driver.init(0);
  int count = 0;
  const bool any = status == CUDA_SUCCESS && driver.device_count(&count) == CUDA_SUCCESS && count > 0;
  require(any, ErrorKind::kWrongDevice, "no GPU: the driver finds none");
  return driver;
}

#undef FOVEA_NAME
#undef FOVEA_TEXT

}  // namespace

const Driver& Driver::open() {
  static const Driver driver = load();
  return driver;
}

void Driver::check(CUresult status, const char* call) const {
  if (status == CUDA_SUCCESS) return;
  const char* words = nullptr;
  error_string(status, &words);
  fail(status == CUDA_ERROR_OUT_OF_MEMORY ? ErrorKind::kOutOfMemory : ErrorKind::kDevice, "[tensorrt] {}: {}", call,
       words != nullptr ? words : "an error without a name");
}

}  // namespace fovea::tensorrt
