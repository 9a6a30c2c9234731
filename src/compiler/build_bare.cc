#include "compiler/build_bare.h"

#include "compiler/compile.h"
#include "compiler/target.h"
#include "passes/pass.h"
#include "passes/quantized.h"

namespace fovea {

std::shared_ptr<const Engine> bare_engine(const Graph& engine_graph, const EngineInfo& info, const Backend& backend,
                                          Device& device, const std::vector<std::int64_t>& batches, int threads) {
  Graph graph = engine_graph;
  const PassContext context = target_context(backend, device.info(), threads);
  run_passes(graph, passes_before_calibration(), context);
  // A model that came quantised is what its 8-bit layers compute; node by node its quantisers would only be slow.
  if (is_quantized(graph)) run_passes(graph, passes_after_precision(), context);
  CompileOptions options;
  options.opt_level = 0;
  options.threads = threads;
  options.batches = batches;
  TimingCache none;
  CompileResult compiled = compile(graph, backend, device, options, none);
  Engine engine = engine_of(compiled, info, device.info());
  engine.info.precision = "fp32";
  return std::make_shared<const Engine>(std::move(engine));
}

}  // namespace fovea
