#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/io/file.h"

namespace fovea {

/// What a vendor's compiler is asked for.
struct VendorPlanOptions {
  std::array<std::int64_t, 3> batches = {1, 8, 32};  ///< least, usual and most; not used where the batch is fixed
  int opt_level = 3;                                 ///< 0 … 5, the vendor's own scale
  std::size_t workspace_bytes = 0;                   ///< most scratch memory of a layer; 0: the vendor's default
  bool refit = false;                                ///< weights can be replaced in the plan
  Bytes timing_cache;                                ///< the vendor's own format; empty: none
};

struct VendorPlan {
  Bytes plan;                         ///< opaque, and trusted by the vendor's runtime: load only what you built
  Bytes timing_cache;                 ///< with what was timed now; empty where the vendor keeps none
  std::vector<std::string> warnings;  ///< the vendor's
  std::vector<std::string> layers;    ///< the vendor's description of what it made, one line each
};

/// A vendor's compiler of whole networks. Thread-safe.
class PlanBuilder {
 public:
  virtual ~PlanBuilder() = default;
  /// "TensorRT-RTX 1.7.1 (plans for compute capability 7.5, …)".
  virtual std::string version() const = 0;
  /// A strongly typed ONNX file to a plan. kUnsupported with the vendor's words for what it does not take; kCancelled.
  virtual VendorPlan build(std::span<const std::byte> onnx, const VendorPlanOptions& options) const = 0;
};

}  // namespace fovea
