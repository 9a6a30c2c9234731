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
  /// Batches, least, usual and most, of each optimisation profile; not used where the model fixes the batch.
  std::vector<std::array<std::int64_t, 3>> profiles = {{1, 8, 32}};
  int opt_level = 3;                ///< 0 … 5, the vendor's own scale
  std::size_t workspace_bytes = 0;  ///< most scratch memory of a layer; 0: the vendor's default
  bool refit = false;               ///< weights can be replaced in the plan; kWrongDevice without a GPU
  Bytes timing_cache;               ///< the vendor's own format; empty: none
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
  /// What an engine of a plan built here needs (DeviceInfo::fingerprint). kWrongDevice, in one line, where no plan can
  /// be built: the vendor wants a GPU and there is none that it takes.
  virtual std::string fingerprint() const = 0;
  /// The plan with the weights of another model of the same structure. kWrongDevice where the GPU that this takes is
  /// not there, kUnsupported for a plan that was not built for it.
  virtual Bytes refit(std::span<const std::byte> plan, std::span<const std::byte> onnx) const = 0;
};

}  // namespace fovea
