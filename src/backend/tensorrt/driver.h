#pragma once

#include <cuda.h>

#include <cstddef>

namespace fovea::tensorrt {

/// What is used of the GPU's driver (libcuda.so.1), opened at run time: nothing of CUDA is linked, and no toolkit is
/// needed where engines run.
struct Driver {
  decltype(&::cuInit) init;
  decltype(&::cuGetErrorString) error_string;
  decltype(&::cuDeviceGetCount) device_count;
  decltype(&::cuDeviceGet) device;
  decltype(&::cuDeviceGetName) device_name;
  decltype(&::cuDeviceGetAttribute) attribute;
  decltype(&::cuDevicePrimaryCtxRetain) retain;
  decltype(&::cuDevicePrimaryCtxRelease) release;
  decltype(&::cuCtxSetCurrent) make_current;
  decltype(&::cuMemAlloc) allocate;
  decltype(&::cuMemFree) free;
  decltype(&::cuMemcpyHtoDAsync) upload;
  decltype(&::cuMemcpyDtoHAsync) download;
  decltype(&::cuStreamCreate) create_stream;
  decltype(&::cuStreamDestroy) destroy_stream;
  decltype(&::cuStreamSynchronize) synchronize;

  /// Once per process. kWrongDevice "no GPU: …" where there is no driver, or it finds no device.
  static const Driver& open();
  /// kDevice with the driver's words, or kOutOfMemory.
  void check(CUresult status, const char* call) const;
};

}  // namespace fovea::tensorrt
