#pragma once

#include <cuda_runtime_api.h>
#include <cudnn.h>

#include <string>

#include "base/error.h"

namespace fovea::cuda::cudnn {

/// What is used of cuDNN 9: its graph API (the "backend" functions of cudnn_graph.h). Opened at first use from the
/// loader's path, so the program starts without it; kWrongDevice "[cuda] no cuDNN: …" where it can't be opened.
struct Library {
  decltype(&::cudnnGetVersion) get_version;
  decltype(&::cudnnGetErrorString) get_error_string;
  decltype(&::cudnnCreate) create;
  decltype(&::cudnnDestroy) destroy;
  decltype(&::cudnnSetStream) set_stream;
  decltype(&::cudnnBackendCreateDescriptor) create_descriptor;
  decltype(&::cudnnBackendDestroyDescriptor) destroy_descriptor;
  decltype(&::cudnnBackendSetAttribute) set_attribute;
  decltype(&::cudnnBackendGetAttribute) get_attribute;
  decltype(&::cudnnBackendFinalize) finalize;
  decltype(&::cudnnBackendExecute) execute;
};
const Library& library();
std::string version();  ///< "9.19.0"

/// Throws kDevice with the call and cuDNN's words.
void check(cudnnStatus_t status, const char* call);
#define FOVEA_CUDNN(call) ::fovea::cuda::cudnn::check((::fovea::cuda::cudnn::library().call), #call)

/// cuDNN's state for one stream. One thread at a time.
class Handle {
 public:
  explicit Handle(cudaStream_t stream);
  ~Handle();
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  cudnnHandle_t get() const { return handle_; }

 private:
  cudnnHandle_t handle_ = nullptr;
};

}  // namespace fovea::cuda::cudnn
