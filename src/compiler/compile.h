#pragma once

#include <functional>
#include <string>
#include <vector>

#include "backend/api/tactic.h"
#include "compiler/timing_cache.h"
#include "engine/engine.h"
#include "graph/graph.h"

namespace fovea {

/// Batch profiles in ascending order, each once. kInvalidArgument where there is none, or one below 1.
std::vector<std::int64_t> sorted_batches(std::vector<std::int64_t> batches);

struct CompileOptions {
  int opt_level = 3;  ///< 0: first supported tactic in the table's order, nothing timed … 3 default, 5 exhaustive
  int threads = 0;    ///< 0: the default
  std::vector<std::int64_t> batches = {1};
  bool parts = true;    ///< concats and slices may go without a step (compiler/part_rules.h)
  bool rewrite = true;  ///< siblings and chains may run as one where that is timed faster
};

/// Why a node runs as it does: for reports and `inspect --why`.
struct TacticReport {
  std::string node, op, precision, tactic, config;
  double microseconds = 0;  ///< as timed or looked up; 0: not timed
  struct Candidate {
    std::string tactic, config, verdict;  ///< verdict: "chosen", "12.3 us", or the reason why not supported
  };
  std::vector<Candidate> candidates;
};

struct CompileResult {
  std::vector<Plan> plans;
  std::vector<Bytes> blobs;
  std::vector<Compiled> compiled;     ///< what libraries compiled for the plans' steps
  std::vector<TacticReport> tactics;  ///< of the first plan, in step order
  double predicted_microseconds = 0;  ///< of the first plan
};

/// The engine of what was compiled for a device: plans and blobs are taken.
Engine engine_of(CompileResult& compiled, EngineInfo info, const DeviceInfo& device);

/// A typed graph (dtypes and quantisation decided) to plans: layouts and tactics by measured cost including reformats,
/// packed weights stored once per content, memory plan. kUnsupported naming node and reason when no tactic runs a node.
CompileResult compile(const Graph& graph, const Backend& backend, Device& device, const CompileOptions& options,
                      TimingCache& cache);

}  // namespace fovea
