#include "backend/cuda/cudnn/handle.h"

#include <dlfcn.h>

namespace fovea::cuda::cudnn {
namespace {

template <typename Function>
void find(void* module, const char* symbol, Function& function) {
  void* address = dlsym(module, symbol);
  require(address != nullptr, ErrorKind::kWrongDevice, "[cuda] cuDNN has no {}", symbol);
  function = reinterpret_cast<Function>(address);
}

Library open_library() {
  void* module = dlopen("libcudnn.so.9", RTLD_NOW | RTLD_LOCAL);
  if (module == nullptr)
    fail(ErrorKind::kWrongDevice, "[cuda] no cuDNN 9 ({}); its folder belongs on LD_LIBRARY_PATH", dlerror());
  Library found{};
  find(module, "cudnnGetVersion", found.get_version);
  find(module, "cudnnGetErrorString", found.get_error_string);
  find(module, "cudnnCreate", found.create);
  find(module, "cudnnDestroy", found.destroy);
  find(module, "cudnnSetStream", found.set_stream);
  find(module, "cudnnBackendCreateDescriptor", found.create_descriptor);
  find(module, "cudnnBackendDestroyDescriptor", found.destroy_descriptor);
  find(module, "cudnnBackendSetAttribute", found.set_attribute);
  find(module, "cudnnBackendGetAttribute", found.get_attribute);
  find(module, "cudnnBackendFinalize", found.finalize);
  find(module, "cudnnBackendExecute", found.execute);
  return found;
}

}  // namespace

const Library& library() {
  static const Library opened = open_library();
  return opened;
}

std::string version() {
  const std::size_t number = library().get_version();
  return fmt::format("{}.{}.{}", number / 10000, number / 100 % 100, number % 100);
}

void check(cudnnStatus_t status, const char* call) {
  if (status != CUDNN_STATUS_SUCCESS)
    fail(ErrorKind::kDevice, "[cuda] cuDNN {}: {}", call, library().get_error_string(status));
}

Handle::Handle(cudaStream_t stream) {
  FOVEA_CUDNN(create(&handle_));
  FOVEA_CUDNN(set_stream(handle_, stream));
}
Handle::~Handle() {
  if (handle_ != nullptr) library().destroy(handle_);
}

}  // namespace fovea::cuda::cudnn
