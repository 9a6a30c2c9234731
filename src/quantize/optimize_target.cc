#include "quantize/optimize_target.h"

#include "compiler/compile.h"

namespace fovea {

std::shared_ptr<const Executor> quick_executor(const Graph& typed, const OptimizeTarget& target) {
  CompileOptions quick;
  quick.opt_level = 0;
  quick.threads = target.threads;
  TimingCache unused;
  CompileResult compiled = compile(typed, target.backend, *target.device, quick, unused);
  auto engine = std::make_shared<const Engine>(engine_of(compiled, target.info, target.device->info()));
  return Executor::make(std::move(engine), target.backend, target.device);
}

}  // namespace fovea
