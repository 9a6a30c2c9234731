#include "eval/engine_runner.h"

#include <fmt/format.h>

namespace fovea {

EngineRunner::EngineRunner(std::shared_ptr<const Executor> executor, int threads)
    : pixels_(std::move(executor), threads) {}

std::string EngineRunner::description() const {
  const EngineInfo& info = engine().info;
  return fmt::format("engine {} on {}", info.precision, info.backend);
}

void EngineRunner::run(std::span<const std::uint8_t> pixels, int n, std::span<float> probabilities) {
  pixels_.run(pixels, n, probabilities);
}

}  // namespace fovea
