#pragma once

#include <oneapi/dnnl/dnnl.hpp>
#include <string>

#include "backend/api/device.h"
#include "base/error.h"

namespace fovea::onednn {

std::string version();  ///< "oneDNN 3.2.0"

/// Limits what oneDNN generates code for: once per process, at the first call. kUnsupported when another limit is in
/// force already. Thread-safe.
void limit_isa(Isa isa);

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

/// oneDNN splits the work when a primitive is made, by OpenMP's thread count of that moment. Restores it at the end.
class ThreadScope {
 public:
  explicit ThreadScope(int threads);
  ~ThreadScope();
  ThreadScope(const ThreadScope&) = delete;
  ThreadScope& operator=(const ThreadScope&) = delete;

 private:
  int before_;
};

}  // namespace fovea::onednn
