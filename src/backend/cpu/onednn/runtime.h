#pragma once

#include <omp.h>

#include <oneapi/dnnl/dnnl.hpp>
#include <string>

#include "backend/api/device.h"
#include "base/error.h"
#include "base/parallel/thread_scope.h"

namespace fovea::onednn {

std::string version();  ///< "oneDNN 3.2.0"

/// Limits what oneDNN generates code for: once per process, at the first call. Gives the limit in force, which may be
/// lower; kUnsupported when it is higher. Thread-safe.
Isa limit_isa(Isa most);

/// Below VNNI the products of u8 and s8 are added in 16 bits, which saturates: not exact.
bool has_exact_int8();

/// The one CPU engine of the process.
const dnnl::engine& engine();

/// Runs `make`, turning oneDNN's exceptions into Error{kUnsupported} with the call's name and oneDNN's words.
template <typename Make>
auto guarded(const char* call, const Make& make) -> decltype(make()) {
  try {
    return make();
  } catch (const dnnl::error& error) {
    const ErrorKind kind = error.status == dnnl_out_of_memory ? ErrorKind::kOutOfMemory : ErrorKind::kUnsupported;
    fail(kind, "[onednn] {} failed: {} (status {})", call, error.message, static_cast<int>(error.status));
  }
}

/// oneDNN splits the work when a primitive is made, by OpenMP's thread count of that moment.
using ThreadScope = fovea::ThreadScope<omp_get_max_threads, omp_set_num_threads>;

}  // namespace fovea::onednn
