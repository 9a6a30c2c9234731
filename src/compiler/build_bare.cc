#include "compiler/build_bare.h"

#include "compiler/compile.h"
#include "compiler/target.h"
#include "passes/pass.h"

namespace fovea {

std::shared_ptr<const Engine> bare_engine(const Graph& engine_graph, const EngineInfo& info, const Backend& backend,
                                          Device& device, const std::vector<std::int64_t>& batches, int threads) {
  Graph graph = engine_graph;
  run_passes(graph, passes_before_calibration(), target_context(backend, device.info(), threads));
  CompileOptions options;
  options.opt_level = 0;
  options.threads = threads;
  options.batches = batches;
  TimingCache none;
  CompileResult compiled = compile(graph, backend, device, options, none);
  auto engine = std::make_shared<Engine>();
  engine->info = info;
  engine->info.backend = backend.name();
  engine->info.fingerprint = device.info().fingerprint();
  engine->info.isa = device.info().isa;
  engine->info.precision = "fp32";
  engine->plans = std::move(compiled.plans);
  engine->blobs = compiled.blobs;
  return engine;
}

}  // namespace fovea
