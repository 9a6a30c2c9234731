#include "pipeline/optimization.h"

#include <algorithm>

#include "backend/registry/registry.h"
#include "base/error.h"
#include "base/io/file.h"
#include "base/json_text.h"
#include "base/log/clock.h"
#include "base/log/log.h"
#include "compiler/compiled_cache.h"
#include "compiler/frontend.h"
#include "compiler/structure.h"
#include "engine/describe.h"
#include "engine/svg.h"
#include "image/encode.h"
#include "interop/onnx_export.h"
#include "pipeline/optimize_inputs.h"
#include "pipeline/vendor_engine.h"
#include "pipeline/why.h"

namespace fovea {
namespace {

std::string uri_of(const GraphPicture& picture) { return data_uri("image/svg+xml", as_bytes(svg_of(picture))); }

nlohmann::json describe_nodes(const Graph& graph, const GraphPicture& picture) {
  nlohmann::json layers = nlohmann::json::array();
  for (const Node& node : graph.nodes())
    layers.push_back(
        {{"name", node.name}, {"op", display_name(node.op)}, {"shape", graph.value(node.outputs.front()).shape.str()}});
  return {{"nodes", graph.nodes().size()}, {"layers", layers}, {"picture", uri_of(picture)}};
}

/// One row per step of the first plan.
nlohmann::json describe_steps(const OptimizeResult& result, bool with_times) {
  const Plan& plan = result.engine.plans.front();
  nlohmann::json rows = nlohmann::json::array();
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    const Node& node = plan.graph.nodes()[static_cast<std::size_t>(plan.steps[i].node)];
    nlohmann::json row = {{"name", node.name},
                          {"op", display_name(node.op)},
                          {"precision", node_precision(plan.graph, node)},
                          {"tactic", plan.steps[i].tactic},
                          {"config", plan.steps[i].config.str()},
                          {"shape", plan.graph.value(node.outputs.front()).shape.str()}};
    if (with_times && i < result.compiled.tactics.size()) row["microseconds"] = result.compiled.tactics[i].microseconds;
    rows.push_back(std::move(row));
  }
  return rows;
}

nlohmann::json describe_passes(const std::vector<PassReport>& passes, bool with_times) {
  nlohmann::json rows = nlohmann::json::array();
  for (const PassReport& pass : passes) {
    nlohmann::json row = {{"name", pass.name},
                          {"changed", pass.changed},
                          {"nodes_before", pass.nodes_before},
                          {"nodes_after", pass.nodes_after}};
    if (with_times) row["milliseconds"] = pass.milliseconds;
    rows.push_back(std::move(row));
  }
  return rows;
}

nlohmann::json describe_fallbacks(const std::vector<Fallback>& fallbacks) {
  nlohmann::json rows = nlohmann::json::array();
  for (const Fallback& fallback : fallbacks)
    rows.push_back({{"node", fallback.node}, {"precision", fallback.precision}, {"reason", fallback.reason}});
  return rows;
}

nlohmann::json describe_candidates(const OptimizeResult& result) {
  nlohmann::json rows = nlohmann::json::array();
  for (const CandidatePlan& plan : result.candidates) {
    nlohmann::json row = {{"precision", std::string(name(plan.precision))},
                          {"label", plan.label},
                          {"latency_ms", plan.latency_ms},
                          {"profile_ms", plan.profile_ms},
                          {"profiles", plan.profiles},
                          {"bytes", plan.bytes},
                          {"chosen", plan.chosen},
                          {"reason", plan.reason}};
    if (plan.precision == Precision::kMixed) {
      row["widened"] = plan.widened;
      row["predicted_divergence"] = plan.predicted_divergence;
    }
    if (plan.gate) {
      row["top1"] = plan.gate->after;
      row["drop_points"] = plan.gate->difference.drop_points;
      row["passed"] = plan.gate->passed;
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

nlohmann::json describe_gate(const OptimizeResult& result) {
  if (!result.gate) return nullptr;
  nlohmann::json gate = to_json(*result.gate);
  gate["fallbacks"] = describe_fallbacks(result.fallbacks);
  return gate;
}

nlohmann::json describe_repairs(const CalibrationReport& calibration) {
  nlohmann::json rows = nlohmann::json::array();
  for (const RepairReport& repair : calibration.repairs)
    rows.push_back({{"name", repair.name},
                    {"paper", repair.paper},
                    {"applied", repair.applied},
                    {"divergence_before", repair.before},
                    {"divergence_after", repair.after}});
  return rows;
}

nlohmann::json describe_calibration(const OptimizeResult& result) {
  const CalibrationReport& found = result.calibration;
  nlohmann::json ranges = nlohmann::json::array();
  for (const auto& [value, range] : found.ranges)
    ranges.push_back({{"value", value}, {"low", range.low}, {"high", range.high}});
  return {{"method", found.method},
          {"images", found.images},
          {"divergence", found.divergence},
          {"repairs", describe_repairs(found)},
          {"equalized", result.equalized},
          {"sensitivity", found.sensitivity},
          {"ranges", ranges}};
}

nlohmann::json describe_memory(const Plan& plan) {
  const MemoryFigures figures = memory_figures(plan);
  return {{"arena_bytes", figures.arena_bytes},
          {"sum_of_values", figures.sum_of_values},
          {"largest_live_set", figures.largest_live_set}};
}

/// The part that the engine stores: the same input, options and cache give the same bytes.
nlohmann::json stored_report(const BuiltEngine& built) {
  const OptimizeResult& result = built.result;
  nlohmann::json report = {{"precision", std::string(name(result.chosen))},
                           {"passes", describe_passes(result.passes, false)},
                           {"nodes", describe_steps(result, false)},
                           {"candidates", describe_candidates(result)},
                           {"calibration", describe_calibration(result)},
                           {"memory", describe_memory(result.engine.plans.front())},
                           {"why", describe_why(result.compiled.tactics)},
                           {"fallbacks", describe_fallbacks(result.fallbacks)},
                           {"gate", describe_gate(result)}};
  if (!built.vendor.is_null()) {
    report["tensorrt"] = built.vendor;
    report["nodes"] = built.vendor.at("nodes");
    report["tensorrt"].erase("nodes");
  }
  return report;
}

/// What was timed is kept, also when the gate refuses or somebody interrupts.
struct CacheSaver {
  const TimingCache& cache;
  const Device& device;
  const std::filesystem::path& path;
  ~CacheSaver() {
    if (path.empty()) return;
    try {
      cache.save(path);
      save_compiled(path, device);
    } catch (const Error& error) {
      log_warning("the timing cache was not written: {}", error.message());
    }
  }
};

}  // namespace

std::shared_ptr<Device> open_device(const BuildSettings& settings) {
  const Backend& backend = backend_by_name(settings.device);
  return backend.open(settings.isa.empty() ? Isa::kAmx : isa_from_name(settings.isa), device_index(settings.device));
}

std::string why_not_run(const BuildSettings& settings) {
  if (settings.device == "tensorrt") return why_vendor_engine_does_not_run(settings);
  open_device(settings);
  return "";
}

std::string fingerprint_for(const BuildSettings& settings) {
  return settings.device == "tensorrt" ? vendor_fingerprint() : open_device(settings)->info().fingerprint();
}

nlohmann::json evidence_of(const OptimizeResult& result) {
  return {{"candidates", describe_candidates(result)},
          {"calibration", describe_calibration(result)},
          {"fallbacks", describe_fallbacks(result.fallbacks)},
          {"gate", describe_gate(result)}};
}

namespace {

BuiltEngine build_own_engine(const SourceModel& source, const DataIn* data, const BuildSettings& settings,
                             int threads) {
  const Stopwatch watch;
  BuiltEngine built;
  const OptimizeInputs inputs(source, data, settings, threads);
  TimingCache cache = settings.timing_cache.empty() ? TimingCache() : TimingCache::load(settings.timing_cache);
  const std::shared_ptr<Device> device = open_device(settings);
  adopt_compiled(settings.timing_cache, *device);
  const CacheSaver saver{cache, *device, settings.timing_cache};
  built.result = optimize(inputs.front, inputs.float_side(), inputs.info, backend_by_name(settings.device), device,
                          inputs.images, inputs.options, cache);
  built.seconds = watch.seconds();
  return built;
}

}  // namespace

BuiltEngine build_engine(const SourceModel& source, const DataIn* data, const BuildSettings& settings, int threads) {
  BuiltEngine built =
      (settings.device == "tensorrt" ? build_vendor_engine : build_own_engine)(source, data, settings, threads);
  built.model_bytes = export_onnx(source.model).size();
  if (built.result.gate && built.result.gate->near_chance)
    log_warning("the model is near chance (top-1 {:.1f} %): the preprocessing is probably wrong (--preprocess)",
                100 * built.result.gate->before);
  nlohmann::json report = stored_report(built);
  const FrontEnd front = add_front_end(source.model.graph, source.spec, settings.input == "pixels");
  report["structure"] = structure_of(front.graph);
  built.result.engine.info.report = json_text(report);
  return built;
}

nlohmann::json build_report(const BuiltEngine& built) {
  nlohmann::json json = stored_report(built);
  json["schema"] = 1;
  json["passes"] = describe_passes(built.result.passes, true);
  if (built.vendor.is_null()) json["nodes"] = describe_steps(built.result, true);
  json["bytes"] = serialize(built.result.engine).size();
  json["model_bytes"] = built.model_bytes;
  json["seconds"] = built.seconds;
  return json;
}

std::set<std::string> equalized_nodes(const EngineInfo& info) {
  if (info.precision != "int8" && info.precision != "mixed") return {};
  const nlohmann::json report = nlohmann::json::parse(info.report, nullptr, false);
  const nlohmann::json::json_pointer place("/calibration/equalized");
  if (!report.is_object() || !report.contains(place)) return {};
  std::set<std::string> nodes;
  for (const nlohmann::json& node : report.at(place))
    if (node.is_string()) nodes.insert(node.get<std::string>());
  return nodes;
}

StageTrace trace_optimization(const BuiltEngine& built, const SourceModel& source) {
  const OptimizeResult& result = built.result;
  const Plan& plan = result.engine.plans.front();
  const std::size_t bytes = serialize(result.engine).size();
  StageTrace stage;
  stage.id = "optimization";
  stage.title = "Optimisation";
  stage.input = fmt::format("model.onnx, {} nodes, {:.2f} MB", source.model.graph.nodes().size(),
                            static_cast<double>(built.model_bytes) / 1e6);
  stage.operation = "passes, calibration, choice of precision and tactics, memory plan";
  stage.output = fmt::format("model.engine, {} steps, {}, {:.2f} MB", plan.steps.size(), name(result.chosen),
                             static_cast<double>(bytes) / 1e6);
  stage.example = fmt::format("{} nodes → {} steps", source.model.graph.nodes().size(), plan.steps.size());
  stage.seconds = built.seconds;
  stage.details = {{"precision", std::string(name(result.chosen))},
                   {"passes", describe_passes(result.passes, true)},
                   {"graph_before", describe_nodes(source.model.graph, picture_of(source.model.graph))},
                   {"graph_after", describe_nodes(plan.graph, picture_of(plan))},
                   {"nodes", built.vendor.is_null() ? describe_steps(result, true) : built.vendor.at("nodes")},
                   {"candidates", describe_candidates(result)},
                   {"calibration", describe_calibration(result)},
                   {"memory", describe_memory(plan)},
                   {"bytes", {{"model", built.model_bytes}, {"engine", bytes}}},
                   {"fallbacks", describe_fallbacks(result.fallbacks)},
                   {"gate", describe_gate(result)}};
  return stage;
}

}  // namespace fovea
