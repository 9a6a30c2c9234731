#pragma once

#include <memory>
#include <vector>

#include "engine/executor.h"
#include "eval/runner.h"

namespace fovea {

/// An engine as a Runner. Engines whose input is the model's own float tensor get it from the pixels here:
/// (pixel · scale − mean[c]) / std[c], channels first.
class EngineRunner final : public Runner {
 public:
  /// `threads` 0: as many as the plans were tuned for. kUnsupported when a float input is not n × c × h × w of the
  /// spec.
  explicit EngineRunner(std::shared_ptr<const Executor> executor, int threads = 0);
  const PreprocessSpec& preprocess() const override { return executor_->engine().info.preprocess; }
  int classes() const override { return classes_; }
  std::string description() const override;
  void run(std::span<const std::uint8_t> pixels, int n, std::span<float> probabilities) override;
  ExecutionContext& context() { return context_; }

 private:
  std::shared_ptr<const Executor> executor_;
  ExecutionContext context_;
  int classes_;
  std::vector<float> tensor_;  ///< the float input, kept from run to run
};

}  // namespace fovea
