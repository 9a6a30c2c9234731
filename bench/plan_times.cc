// Times an engine's plans when asked, so that a driver can take turns with other programs: plan_times ENGINE
// Reads lines "BATCH TIMES", answers each with the microseconds of one of TIMES runs, inputs and results on the device.
#include <cstdio>
#include <iostream>
#include <map>

#include "backend/registry/registry.h"
#include "base/error.h"
#include "compiler/plan_runner.h"
#include "engine/engine.h"

int main(int argc, char** argv) {
  if (argc != 2) return std::fprintf(stderr, "usage: plan_times ENGINE\n"), 2;
  try {
    const fovea::Engine engine = fovea::load_engine(argv[1]);
    const fovea::Backend& backend = fovea::backend_by_name(engine.info.backend);
    const std::shared_ptr<fovea::Device> device = backend.open(engine.info.isa, 0);
    std::vector<fovea::Bytes> blobs;
    for (std::size_t i = 0; i < engine.blobs.size(); ++i)
      blobs.emplace_back(engine.blobs[i].begin(), engine.blobs[i].end());
    std::map<std::int64_t, std::unique_ptr<fovea::PlanRunner>> runners;
    for (const fovea::Plan& plan : engine.plans)
      runners[plan.batch] = std::make_unique<fovea::PlanRunner>(plan, blobs, backend, *device);
    std::int64_t batch = 0;
    for (int times = 0; std::cin >> batch >> times;)
      std::cout << runners.at(batch)->run(times) << std::endl;  // flushed: the driver waits for it
  } catch (const std::exception& error) {
    return std::fprintf(stderr, "error: %s\n", error.what()), 1;
  }
  return 0;
}
