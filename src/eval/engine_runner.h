#pragma once

#include <memory>

#include "engine/pixel_context.h"
#include "eval/runner.h"

namespace fovea {

/// An engine as a Runner, whatever its input is (engine/pixel_context.h).
class EngineRunner final : public Runner {
 public:
  /// `threads` 0: as many as the plans were tuned for. kUnsupported when pixels do not make the engine's input.
  explicit EngineRunner(std::shared_ptr<const Executor> executor, int threads = 0);
  const PreprocessSpec& preprocess() const override { return engine().info.preprocess; }
  int classes() const override { return output_classes(engine()); }
  std::string description() const override;
  void run(std::span<const std::uint8_t> pixels, int n, std::span<float> probabilities) override;
  ExecutionContext& context() { return pixels_.context(); }
  const Engine& engine() const { return pixels_.executor().engine(); }

 private:
  PixelContext pixels_;
};

}  // namespace fovea
