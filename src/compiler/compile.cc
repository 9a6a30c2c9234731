#include "compiler/compile.h"

#include <algorithm>

#include "base/cancel.h"
#include "base/error.h"
#include "compiler/cost.h"
#include "compiler/layout_choice.h"
#include "compiler/lower.h"
#include "compiler/race_plans.h"
#include "compiler/rewrite_where_faster.h"
#include "engine/describe.h"

namespace fovea {
namespace {

constexpr int kRaceLevel = 3;  ///< from here on whole plans are timed against each other

std::string layouts_text(const Candidate& candidate) {
  const auto text = [](const std::vector<Layout>& layouts) {
    return layouts.empty() ? std::string_view("plain") : name(layouts[0]);
  };
  return fmt::format("{}->{}", text(candidate.inputs), text(candidate.outputs));
}

std::string config_text(const Candidate& candidate) {
  const std::string own = candidate.config.str();
  return own.empty() ? layouts_text(candidate) : own + " " + layouts_text(candidate);
}

/// `timed`: costs are times, not guesses.
TacticReport report_of(const Graph& graph, const Node& node, const Candidate& chosen, const Candidates* found,
                       bool timed) {
  TacticReport report;
  report.node = node.name;
  report.op = display_name(node.op);
  report.precision = node_precision(graph, node);
  report.tactic = chosen.tactic ? std::string(chosen.tactic->name) : "view";
  report.config = config_text(chosen);
  report.microseconds = timed ? chosen.microseconds : 0;
  if (!found) return report;
  for (const Candidate& candidate : found->all) {
    std::string verdict = timed ? fmt::format("{:.1f} us", candidate.microseconds) : "supported";
    if (&candidate == &chosen) verdict = timed ? "chosen, " + verdict : "chosen";
    report.candidates.push_back(
        {candidate.tactic ? std::string(candidate.tactic->name) : "view", config_text(candidate), std::move(verdict)});
  }
  for (const Refusal& refusal : found->refused) report.candidates.push_back({refusal.tactic, "", refusal.reason});
  return report;
}

/// In step order; reformats are named by what they change.
std::vector<TacticReport> reports_of(const Plan& plan, const Graph& graph, const LayoutPlan& choice, CostTable& costs,
                                     bool timed) {
  std::vector<TacticReport> reports;
  for (const PlanStep& step : plan.steps) {
    const Node& node = plan.graph.nodes()[static_cast<std::size_t>(step.node)];
    const auto original = std::ranges::find(graph.nodes(), node.name, &Node::name);
    if (original == graph.nodes().end()) {
      const NodeView view = step_view(plan, step);
      const Candidate* change = costs.reformat(view.inputs[0], view.inputs[0].layout, view.outputs[0].layout);
      reports.push_back(report_of(plan.graph, node, *change, nullptr, timed));
    } else {
      const auto n = static_cast<std::size_t>(original - graph.nodes().begin());
      reports.push_back(report_of(graph, *original, *choice.nodes[n], &costs.of(graph, *original), timed));
    }
  }
  return reports;
}

}  // namespace

std::vector<std::int64_t> sorted_batches(std::vector<std::int64_t> batches) {
  std::ranges::sort(batches);
  batches.erase(std::unique(batches.begin(), batches.end()), batches.end());
  require(!batches.empty() && batches.front() >= 1, ErrorKind::kInvalidArgument,
          "[compile] batches must be at least 1, and one must be given");
  return batches;
}

Engine engine_of(CompileResult& compiled, EngineInfo info, const DeviceInfo& device) {
  Engine engine;
  engine.info = std::move(info);
  engine.info.backend = device.backend;
  engine.info.fingerprint = device.fingerprint();
  engine.info.isa = device.isa;
  engine.plans = std::move(compiled.plans);
  engine.blobs = Blobs(std::move(compiled.blobs));
  engine.compiled = std::move(compiled.compiled);
  return engine;
}

CompileResult compile(const Graph& graph, const Backend& backend, Device& device, const CompileOptions& options,
                      TimingCache& cache) {
  require(graph.inputs().size() == 1 && graph.outputs().size() == 1, ErrorKind::kUnsupported,
          "[compile] the graph has {} inputs and {} outputs, expected one of each", graph.inputs().size(),
          graph.outputs().size());
  const bool timed = options.opt_level > 0;
  CompileResult result;
  CostTable costs(backend, device, options, cache);
  BlobStore blobs;
  for (const std::int64_t batch : sorted_batches(options.batches)) {
    throw_if_cancelled();
    Graph typed = graph;
    if (typed.batch() != batch) typed.set_batch(batch);
    typed.compact();
    costs.prepare(typed);
    if (timed && options.rewrite) rewrite_where_faster(typed, costs);
    const LayoutPlan choice =
        options.opt_level >= kRaceLevel ? fastest_plan(typed, costs, cache) : choose_layouts(typed, costs);
    Plan plan = lower(typed, choice, costs, blobs);
    plan.microseconds = timed ? choice.microseconds : 0;
    if (result.plans.empty()) {
      result.predicted_microseconds = plan.microseconds;
      result.tactics = reports_of(plan, typed, choice, costs, timed);
    }
    result.plans.push_back(std::move(plan));
  }
  result.blobs = blobs.take();
  result.compiled = blobs.take_compiled();
  return result;
}

}  // namespace fovea
