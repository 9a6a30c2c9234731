#pragma once

#include <cuda_runtime_api.h>

#include "base/error.h"

/// Throws kDevice (kOutOfMemory where memory ran out) with the call as it stands and CUDA's words.
#define FOVEA_CUDA(call) ::fovea::cuda::check((call), #call)

namespace fovea::cuda {

inline void check(cudaError_t status, const char* call) {
  if (status == cudaSuccess) return;
  fail(status == cudaErrorMemoryAllocation ? ErrorKind::kOutOfMemory : ErrorKind::kDevice, "[cuda] {}: {}", call,
       cudaGetErrorString(status));
}

}  // namespace fovea::cuda
