#include <algorithm>

#include "base/cancel.h"
#include "base/error.h"
#include "base/log/clock.h"
#include "graph/verify.h"
#include "passes/pass.h"

namespace fovea {
namespace {

constexpr int kMaxRounds = 10;

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// A broken graph is our own bug: say whose.
void check(const Graph& graph, std::string_view pass) {
  try {
    verify(graph);
  } catch (const Error& error) {
    fail(ErrorKind::kInternal, "[passes] {} broke the graph: {}", pass, error.message());
  }
}

bool run_one(Graph& graph, const Pass& pass, const PassContext& context, const PassOptions& options,
             PassReport& report) {
  throw_if_cancelled();
  const Stopwatch watch;
  const auto before = static_cast<int>(graph.nodes().size());
  const bool changed = pass.run(graph, context);
  report.milliseconds += watch.milliseconds();
  report.nodes_after += static_cast<int>(graph.nodes().size()) - before;
  report.changed |= changed;
  if (changed) check(graph, pass.name);
  if (changed && options.dump) options.dump(pass.name, graph);
  return changed;
}

}  // namespace

std::vector<PassReport> run_passes(Graph& graph, std::span<const Pass> passes, const PassContext& context,
                                   const PassOptions& options) {
  std::vector<PassReport> reports;
  for (const Pass& pass : passes) reports.push_back({std::string(pass.name), -1, 0, false, 0});
  bool changed = true;
  for (int round = 0; changed && round < kMaxRounds; ++round) {
    changed = false;
    for (std::size_t i = 0; i < passes.size(); ++i) {
      if (contains(options.skip, passes[i].name)) continue;
      PassReport& report = reports[i];
      if (report.nodes_before < 0) report.nodes_before = report.nodes_after = static_cast<int>(graph.nodes().size());
      changed |= run_one(graph, passes[i], context, options, report);
    }
  }
  std::erase_if(reports, [](const PassReport& report) { return report.nodes_before < 0; });
  return reports;
}

}  // namespace fovea
