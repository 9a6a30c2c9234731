#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "engine/executor.h"

namespace fovea {

/// An execution context that takes pixels whatever the engine's input: for engines with the model's own float tensor it
/// computes (pixel · scale − mean[c]) / std[c], channels first, as the graph's first node does elsewhere. Not
/// thread-safe: one per thread.
class PixelContext {
 public:
  /// kUnsupported when a float input is not n × c × h × w of the spec.
  explicit PixelContext(std::shared_ptr<const Executor> executor, int threads = 0);
  /// `pixels`: n × h × w × c; `probabilities`: n × classes. kInvalidArgument when sizes don't fit.
  void run(std::span<const std::uint8_t> pixels, std::int64_t n, std::span<float> probabilities);
  ExecutionContext& context() { return context_; }
  const Executor& executor() const { return *executor_; }

 private:
  std::shared_ptr<const Executor> executor_;
  ExecutionContext context_;
  std::vector<float> tensor_;  ///< the float input, kept from run to run
};

}  // namespace fovea
