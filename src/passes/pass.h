#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "graph/graph.h"

namespace fovea {

/// What a pass may ask. `runs` answers whether some tactic of the target supports the node as it would become (always
/// yes where there is no target); a fusion asks before it commits.
struct PassContext {
  std::function<bool(const Graph&, const Node&)> runs;
  bool supported(const Graph& graph, const Node& node) const { return !runs || runs(graph, node); }
};

struct Pass {
  std::string_view name;
  std::string_view summary;                               ///< one line for people
  bool (*run)(Graph& graph, const PassContext& context);  ///< true if it changed something
};

struct PassReport {
  std::string name;
  int nodes_before = 0, nodes_after = 0;  ///< when it first ran, and that with what all its runs added and removed
  bool changed = false;
  double milliseconds = 0;
};

struct PassOptions {
  std::vector<std::string> skip;  ///< by name
  std::function<void(std::string_view pass, const Graph&)> dump;
};

/// Runs each pass (until none changes anything, at most 10 rounds), verifies after each, and reports. kInternal naming
/// the pass that broke the graph.
std::vector<PassReport> run_passes(Graph& graph, std::span<const Pass> passes, const PassContext& context,
                                   const PassOptions& options = {});

std::span<const Pass>
passes_before_calibration();  ///< fold constants and batch-norm, fuse epilogues, remove identities …
std::span<const Pass> passes_after_precision();  ///< fold quantize/dequantize into types, merge reformats …

}  // namespace fovea
